import Core
import Host

extension Diagnosis {
    /// As `diagnose.schema.json` describes it. Instants are in RFC 3339, days in ISO 8601, codes are stable; sentences are in
    /// the language asked for.
    func json(in language: Language) -> String {
        var json = JSONWriter()
        json.object { json in
            json.member("schema", 1)
            json.member("made", text(made))
            json.member("language", language.rawValue)
            json.member("tellsAll", tellsAll)
            json.member("status", Int(status))
            if let verdict {
                json.object("verdict") { write(verdict, language, into: &$0) }
            } else {
                json.null("verdict")
            }
            json.array("findings") { json in
                for finding in findings { json.object { write(finding, language, into: &$0) } }
            }
            json.array("devices") { json in for device in devices { json.object { write(device, into: &$0) } } }
            json.object("queue") { json in for entry in queue { json.member(entry.state, entry.count) } }
            json.object("versions") { json in
                json.member("vitalsd", version)
                if let daemonVersion { json.member("daemon", daemonVersion) } else { json.null("daemon") }
                if let journalVersion { json.member("journal", journalVersion) } else { json.null("journal") }
            }
        }
        return json.text
    }

    private func write(_ finding: Finding, _ language: Language, into json: inout JSONWriter) {
        json.member("part", finding.part.rawValue)
        json.member("layer", finding.layer.rawValue)
        json.member("level", finding.level.rawValue)
        json.optional("subject", finding.subject?[language])
        json.member("evidence", finding.evidence[language])
        json.optional("code", finding.cause?.code)
        json.optional("sentence", finding.cause?.sentence[language])
        json.optional("remedy", finding.cause?.remedy[language])
        json.optional("detail", finding.detail.isEmpty ? nil : finding.detail)
    }

    private func write(_ device: DeviceReport, into json: inout JSONWriter) {
        json.member("model", device.name)
        json.member("address", device.address)
        json.optional("driver", device.driver)
        json.optional("kind", device.kind)
        json.member("bound", device.isBound)
        json.optional("lastHeard", device.lastHeard.map(text))
        json.optional("lastReading", device.lastReading.map(text))
        if let signal = device.signal { json.member("signal", signal) } else { json.null("signal") }
        if let ahead = device.clockAhead {
            json.member("clockSecondsAhead", Int(ahead.components.seconds))
        } else {
            json.null("clockSecondsAhead")
        }
        json.member("clockWasSet", device.clockWasSet)
        json.array("signalByHour") { json in
            for hour in device.hours {
                json.object { json in
                    json.member("hour", text(Instant(milliseconds: Int64(hour.hour) * 3_600_000)))
                    json.member("count", hour.count)
                    json.member("weakest", hour.weakest)
                    json.member("mean", hour.mean)
                    json.member("strongest", hour.strongest)
                }
            }
        }
        json.array("readingsByDay") { json in
            for day in device.days {
                json.object { json in
                    json.member(
                        "day", "\(padded(day.day.year, 4))-\(padded(day.day.month, 2))-\(padded(day.day.day, 2))")
                    json.member("count", day.count)
                }
            }
        }
        if tellsAll { json.array("values") { json in for value in device.values { json.string(value) } } }
    }
}

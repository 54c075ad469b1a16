import Core
import Host

extension Diagnosis {
    /// One page of HTML that needs nothing else: no script, no file beside it, no network. For a phone, a desk and paper.
    func page(in language: Language) -> String {
        var html = Markup()
        html.raw("<!doctype html>\n<html lang=\"\(language.rawValue)\">\n<head>\n<meta charset=\"utf-8\">\n")
        html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        html.raw(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n")
        html.element("title", Label.title[language])
        html.raw("<style>\(style)</style>\n</head>\n<body>\n<main>\n")
        html.element("h1", Label.title[language])
        html.element("p", (Label.made + .moment(made))[language], "made")
        write(verdictIn: language, into: &html)
        if tellsAll { html.element("p", Label.allTold[language], "all") }
        write(findingsIn: language, into: &html)
        if !devices.isEmpty { html.element("h2", Label.devices[language]) }
        for device in devices { write(device, language, into: &html) }
        write(queueIn: language, into: &html)
        html.raw("</main>\n</body>\n</html>\n")
        return html.text
    }

    private func write(verdictIn language: Language, into html: inout Markup) {
        guard let verdict else {
            html.raw("<section class=\"verdict ok\">")
            html.element("p", Label.allWell[language], "sentence")
            return html.raw("</section>\n")
        }
        html.raw("<section class=\"verdict \(verdict.level.rawValue)\">")
        html.element("p", "\(verdict.level.name[language]) · \(verdict.layer.name[language])", "layer")
        if let subject = verdict.subject { html.element("p", subject[language], "subject") }
        if let cause = verdict.cause {
            html.element("p", typed: cause.sentence[language], "sentence")
            html.element("p", typed: Label.next[language] + cause.remedy[language], "next")
        }
        if others > 0 { html.element("p", Label.more(others)[language], "more") }
        html.raw("</section>\n")
    }

    private func write(findingsIn language: Language, into html: inout Markup) {
        html.raw("<table class=\"findings\">\n")
        for finding in findings {
            html.raw("<tr class=\"\(finding.level.rawValue)\">")
            html.element("td", finding.level.name[language], "level")
            html.element("th", finding.part.name[language])
            html.raw("<td>")
            let subject = finding.subject.map { [$0] } ?? [],
                evidence = finding.evidence.english.isEmpty ? [] : [finding.evidence]
            html.words((subject + evidence).map { $0[language] }.joined(separator: ": "))
            if let cause = finding.cause, finding.level != .ok {
                html.element("p", typed: cause.sentence[language], "sentence")
                html.element("p", typed: Label.next[language] + cause.remedy[language], "next")
                let isSaid = finding.detail.isEmpty || finding.evidence.english.contains(finding.detail)
                let detail = isSaid ? "" : " · " + Label.details[language] + finding.detail
                html.element("p", cause.code + detail, "code")
            }
            html.raw("</td></tr>\n")
        }
        html.raw("</table>\n")
    }

    private func write(_ device: DeviceReport, _ language: Language, into html: inout Markup) {
        html.raw("<section class=\"device\">\n")
        html.element("h3", device.name)
        var facts = [device.address]
        if let reading = device.lastReading {
            facts.append((Text(en: "last reading ", da: "sidste måling ") + .moment(reading))[language])
        }
        if let signal = device.signal { facts.append(strength(of: signal)[language]) }
        html.element("p", facts.joined(separator: " · "), "facts")
        html.element("p", Label.clock[language] + ": " + clock(device)[language], "facts")
        if device.isBound,
            device.address.hasPrefix("bluetooth") || !device.hours.isEmpty || !device.address.hasPrefix("line")
        {
            html.element("h4", Label.signal[language])
            html.raw(device.hours.isEmpty ? "" : signalChart(device.hours, until: made, language))
            html.element("p", (device.hours.isEmpty ? Label.nothingHeard : Label.signalKey)[language], "none")
        }
        html.element("h4", Label.readings[language])
        if device.days.contains(where: { $0.count > 0 }) {
            html.raw(dayChart(device.days, language))
        } else {
            html.element("p", Label.noReadings[language], "none")
        }
        if !device.values.isEmpty {
            html.raw("<ul>")
            for value in device.values { html.element("li", value) }
            html.raw("</ul>\n")
        }
        html.raw("</section>\n")
    }

    private func clock(_ device: DeviceReport) -> Text {
        guard let ahead = device.clockAhead else { return Label.clockUnread }
        if abs(ahead / .seconds(1)) < 2 { return Label.clockRight }
        return .time(ahead) + (ahead > .zero ? Label.ahead : Label.behind)
            + (device.clockWasSet ? Label.wasSet : Text(same: ""))
    }

    private func write(queueIn language: Language, into html: inout Markup) {
        html.raw("<section>\n")
        html.element("h2", Label.queue[language])
        html.raw("<table class=\"queue\">\n")
        for entry in queue where entry.count > 0 || ["pending", "accepted"].contains(entry.state) {
            html.raw("<tr>")
            html.element("th", entry.name[language])
            html.element("td", String(entry.count))
            html.raw("</tr>\n")
        }
        html.raw("</table>\n")
        html.element("h2", Label.versions[language])
        let running = daemonVersion.map { $0 == version ? "" : " (\($0))" } ?? ""
        html.element(
            "p",
            "vitalsd \(version)\(running)"
                + (journalVersion.map { " · \(Text(en: "storage", da: "lager")[language]) \($0)" } ?? ""))
        html.raw("</section>\n")
    }
}

/// HTML as it grows. What comes from outside goes through `words`.
struct Markup {
    private(set) var text = ""

    mutating func raw(_ markup: String) { text += markup }

    mutating func words(_ words: String) { text += withoutMarkup(words) }

    mutating func element(_ name: String, _ words: String, _ style: String? = nil) {
        open(name, style)
        text += withoutMarkup(words) + "</\(name)>\n"
    }

    /// A text in which what is to be typed stands in backticks.
    mutating func element(_ name: String, typed words: String, _ style: String? = nil) {
        open(name, style)
        for (index, piece) in words.split(separator: "`", omittingEmptySubsequences: false).enumerated() {
            text += index % 2 == 0 ? withoutMarkup(String(piece)) : "<code>\(withoutMarkup(String(piece)))</code>"
        }
        text += "</\(name)>\n"
    }

    private mutating func open(_ name: String, _ style: String?) {
        text += style.map { "<\(name) class=\"\($0)\">" } ?? "<\(name)>"
    }
}

/// A text in which nothing is markup, and no time of day is torn from its "kl.".
func withoutMarkup(_ text: String) -> String {
    var escaped = ""
    for character in text.replacing(" kl. ", with: " kl.\u{A0}") {
        switch character {
        case "&": escaped += "&amp;"
        case "<": escaped += "&lt;"
        case ">": escaped += "&gt;"
        case "\"": escaped += "&quot;"
        default: escaped.append(character)
        }
    }
    return escaped
}

private let style = """
    :root{--ink:#1c2430;--dim:#5b6675;--line:#dde2e8;--ok:#1d7a4b;--warning:#a35b00;--fault:#b3261e}
    *{box-sizing:border-box}
    body{margin:0;background:#f4f6f8;color:var(--ink);font:16px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
    main{max-width:52rem;margin:0 auto;padding:1rem}
    h1{font-size:1.4rem;margin:.2rem 0 0}h2{font-size:1.15rem;margin:1.6rem 0 .5rem}
    h3{font-size:1.05rem;margin:0}h4{font-size:.85rem;margin:.9rem 0 .2rem;color:var(--dim);font-weight:600}
    p{margin:.2rem 0}.made,.facts,.none,.code{color:var(--dim);font-size:.88rem}
    code{display:inline-block;max-width:100%;background:#0001;border-radius:3px;padding:0 .25em;font-size:.92em;
    overflow-wrap:anywhere}
    .verdict{margin:1rem 0;padding:.9rem 1rem;border-radius:.6rem;color:#fff;background:var(--ok)}
    .verdict.warning{background:var(--warning)}.verdict.fault{background:var(--fault)}
    .verdict .layer{font-size:.85rem;letter-spacing:.04em;text-transform:uppercase}
    .verdict .sentence{font-size:1.25rem;font-weight:600}.verdict code{background:#fff3}
    .verdict .subject{overflow-wrap:anywhere}.more{font-size:.88rem;opacity:.9}.all{border-left:4px solid var(--fault);padding-left:.6rem}
    table{width:100%;border-collapse:collapse;background:#fff;border-radius:.6rem;overflow:hidden}
    td,th{padding:.5rem .7rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;font-weight:400}
    th{font-weight:600}.level{width:1%;white-space:nowrap;font-weight:700;font-size:.85rem;color:var(--dim)}
    .findings td:last-child{overflow-wrap:anywhere}
    .ok .level{color:var(--ok)}.warning .level{color:var(--warning)}.fault .level{color:var(--fault)}
    td .sentence{font-weight:600}.queue td{text-align:right;width:1%}
    .device{background:#fff;border-radius:.6rem;padding:.9rem 1rem;margin:.7rem 0}
    svg{display:block;width:100%;height:auto}svg text{font-size:12px;fill:var(--dim);font-family:inherit}
    @media (max-width:34rem){.findings tr{display:block;border-bottom:1px solid var(--line);padding:.45rem .7rem}
    .findings td,.findings th{display:inline;border:0;padding:0}.findings td:last-child{display:block}
    .findings .level{margin-right:.5rem}svg text{font-size:20px}}
    @media print{body{background:#fff;font-size:11pt}main{padding:0;max-width:none}
    .verdict,.verdict.warning,.verdict.fault{color:#000;background:none;border:2pt solid #000}.device,tr{break-inside:avoid}
    .device{border:1px solid var(--line)}}
    """

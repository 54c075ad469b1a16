import Core

extension Notice {
    var told: Told {
        switch self {
        case .notHeard:
            Told(
                Text(
                    en: "The device has not been heard for a long time.",
                    da: "Der er ikke hørt fra apparatet i lang tid."),
                Text(
                    en: "Ask whether it is still used; if so, measure beside the hub, with fresh batteries.",
                    da: "Spørg, om det stadig bruges; mål i så fald ved siden af hubben, med nye batterier."))
        case .neverHeard:
            Told(
                Text(
                    en: "The device is registered, but has never been heard.",
                    da: "Apparatet er tilknyttet, men der er aldrig hørt fra det."),
                Text(
                    en: "Measure with it beside the hub, and compare its address with `vitalsd scan`.",
                    da: "Mål med det ved siden af hubben, og sammenlign adressen med `vitalsd scan`."))
        case .nothingMeasured:
            Told(
                Text(
                    en: "The device is in reach, but nobody has measured with it lately.",
                    da: "Apparatet er inden for rækkevidde, men ingen har målt med det for nylig."),
                Text(
                    en: "Nothing is broken: ask the person to measure.",
                    da: "Intet er i stykker: bed personen om at måle."))
        case .overdue:
            Told(
                Text(
                    en: "A measurement that was agreed has not come.",
                    da: "En aftalt måling er ikke kommet."),
                Text(
                    en: "Ask the person to measure, beside the hub; nothing else is wrong with the device.",
                    da: "Bed personen om at måle, ved siden af hubben; apparatet fejler ellers intet."))
        case .batteryLow:
            Told(
                Text(en: "The device's battery is nearly empty.", da: "Apparatets batteri er næsten tomt."),
                Text(
                    en: "Put in fresh batteries, or charge it.",
                    da: "Sæt nye batterier i, eller oplad det."))
        case .clockOff:
            Told(
                Text(en: "The device's clock is wrong.", da: "Apparatets ur går forkert."),
                Text(
                    en: "Set it if its display shows the time; the hub corrects the times of readings meanwhile.",
                    da: "Stil det, hvis skærmen viser tiden; hubben retter imens målingernes tidspunkter."))
        case .clockDisobeys:
            Told(
                Text(
                    en: "The device's clock is wrong and cannot be set from the hub.",
                    da: "Apparatets ur går forkert og kan ikke stilles fra hubben."),
                Text(
                    en: "Set it on the device itself; the hub corrects the times of readings meanwhile.",
                    da: "Stil det på selve apparatet; hubben retter imens målingernes tidspunkter."))
        case .undecoded:
            Told(
                Text(
                    en: "Some readings of the device could not be understood; they are kept.",
                    da: "Nogle målinger fra apparatet kunne ikke forstås; de er gemt."),
                Text(
                    en: "Report it to support with what `vitalsd queue` prints.",
                    da: "Meld det til support sammen med det, `vitalsd queue` viser."))
        case .nobodyBound:
            Told(
                Text(
                    en: "No device is registered on this hub yet.",
                    da: "Der er endnu ikke tilknyttet noget apparat på denne hub."),
                Text(
                    en: "Find the device with `vitalsd scan` and run `vitalsd pair ADDRESS` or `vitalsd bind ADDRESS`.",
                    da: "Find apparatet med `vitalsd scan`, og kør `vitalsd pair ADRESSE` eller `vitalsd bind ADRESSE`."
                ))
        case .forgotten:
            Told(
                Text(
                    en: "A device that has given readings before is in reach and registered to nobody now.",
                    da: "Et apparat, der før har givet målinger, er i nærheden og er ikke længere tilknyttet nogen."),
                Text(
                    en: "Run `vitalsd bind ADDRESS`, if it belongs to this home.",
                    da: "Kør `vitalsd bind ADRESSE`, hvis det hører til i dette hjem."))
        case .neighbour:
            Told(
                Text(
                    en: "A device that is registered to nobody is in reach, and left alone.",
                    da: "Et apparat, der ikke er tilknyttet nogen, er i nærheden og bliver ladt i fred."),
                Text(
                    en: "Run `vitalsd bind ADDRESS`, if it belongs to this home; else nothing.",
                    da: "Kør `vitalsd bind ADRESSE`, hvis det hører til i dette hjem; ellers intet."))
        case .unassigned:
            Told(
                Text(
                    en: "Some readings belong to nobody, so they are not sent.",
                    da: "Nogle målinger tilhører ingen, så de bliver ikke sendt."),
                Text(
                    en: "Run `vitalsd queue`, then `vitalsd queue assign NUMBER --patient Patient/ID`.",
                    da: "Kør `vitalsd queue` og derefter `vitalsd queue assign NUMMER --patient Patient/ID`."))
        case .nobodyEnrolled:
            Told(
                Text(
                    en: "The settings do not say whom readings of a device on a cable are about.",
                    da: "Opsætningen siger ikke, hvem målinger fra et apparat med kabel tilhører."),
                Text(
                    en: "Fill in [Patient] in the settings, then run `systemctl reload vitalsd`.",
                    da: "Udfyld [Patient] i opsætningen, og kør så `systemctl reload vitalsd`."))
        case .notRunning:
            Told(
                Text(en: "vitalsd does not run on the hub.", da: "vitalsd kører ikke på hubben."),
                Text(
                    en: "Run `systemctl start vitalsd`; if it does not stay up, see `journalctl -u vitalsd`.",
                    da: "Kør `systemctl start vitalsd`; stopper den igen, så se `journalctl -u vitalsd`."))
        case .clockUnkept:
            Told(
                Text(
                    en: "Nothing keeps the hub's clock right.",
                    da: "Intet holder hubbens ur på rette tid."),
                Text(
                    en: "Connect the hub to the internet, and run `timedatectl set-ntp true`.",
                    da: "Slut hubben til internettet, og kør `timedatectl set-ntp true`."))
        case .diskLow:
            Told(
                Text(en: "The hub's disk is nearly full.", da: "Hubbens disk er næsten fuld."),
                Text(
                    en: "Delete what does not belong on the hub.",
                    da: "Slet det, der ikke hører til på hubben."))
        case .noNetwork:
            Told(
                Text(
                    en: "The hub is connected to no network.",
                    da: "Hubben er ikke sluttet til noget netværk."),
                Text(
                    en: "Plug in the network cable, or check Wi-Fi or SIM card.",
                    da: "Sæt netværkskablet i, eller kontrollér wi-fi eller SIM-kort."))
        case .waiting:
            Told(
                Text(
                    en: "Readings wait although the clinic can be reached.",
                    da: "Målinger venter, selv om klinikken kan nås."),
                Text(
                    en: "Run `systemctl reload vitalsd`, which sends them at once; if they stay, tell support.",
                    da: "Kør `systemctl reload vitalsd`, som sender dem straks; bliver de liggende, så kontakt support."
                ))
        case .ownCertificateEnds:
            Told(
                Text(en: "The hub's certificate ends soon.", da: "Hubbens certifikat udløber snart."),
                Text(
                    en: "Run `vitalsd enrol` with a new code from the clinic, or replace the file in CertificateFile=.",
                    da: "Kør `vitalsd enrol` med en ny kode fra klinikken, eller udskift filen i CertificateFile=."))
        case .certificateEnds:
            Told(
                Text(en: "The clinic's certificate ends soon.", da: "Klinikkens certifikat udløber snart."),
                Text(
                    en: "Tell the clinic: from that moment on nothing is sent there.",
                    da: "Giv klinikken besked: fra det tidspunkt bliver intet sendt dertil."))
        case .authorityEnds:
            Told(
                Text(
                    en: "The authority by which the hub knows the clinic ends soon.",
                    da: "Det udstedercertifikat, som hubben kender klinikken på, udløber snart."),
                Text(
                    en: "Ask the clinic for the new one, and add it to the file in AuthorityFile=.",
                    da: "Bed klinikken om det nye, og føj det til filen i AuthorityFile=."))
        }
    }
}

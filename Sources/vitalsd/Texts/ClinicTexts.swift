import Core

extension Fault.Network {
    var told: Told {
        switch self {
        case .noName:
            Told(
                Text(
                    en: "The clinic's name cannot be looked up on the internet.",
                    da: "Klinikkens navn kan ikke slås op på internettet."),
                Text(
                    en: "Check the router's internet connection, and the spelling of URL= in the settings.",
                    da: "Kontrollér routerens internetforbindelse og stavningen af URL= i opsætningen."))
        case .noRoute:
            Told(
                Text(
                    en: "The hub has no way out to the internet.",
                    da: "Hubben kan ikke komme ud på internettet."),
                Text(
                    en: "Check the hub's network cable, Wi-Fi or SIM card, and the router.",
                    da: "Kontrollér hubbens netværkskabel, wi-fi eller SIM-kort samt routeren."))
        case .refused:
            Told(
                Text(
                    en: "The clinic's machine answers, but takes no connections.",
                    da: "Klinikkens maskine svarer, men tager ikke imod forbindelser."),
                Text(
                    en: "Check the number behind the colon in URL=, and ask the clinic whether its server runs.",
                    da: "Kontrollér tallet efter kolon i URL=, og spørg klinikken, om serveren kører."))
        case .timedOut:
            Told(
                Text(
                    en: "The clinic does not answer in time.",
                    da: "Klinikken svarer ikke inden for tidsfristen."),
                Text(
                    en: "Check whether the home's internet is slow or blocked; the hub tries again by itself.",
                    da: "Undersøg, om hjemmets internet er langsomt eller spærret; hubben prøver igen af sig selv."))
        case .interrupted:
            Told(
                Text(
                    en: "The connection to the clinic was cut off.",
                    da: "Forbindelsen til klinikken blev afbrudt."),
                Text(
                    en: "Nothing to do at first, the hub tries again by itself; if it stays so, ask the clinic.",
                    da: "Vent først, hubben prøver igen af sig selv; spørg klinikken, hvis det fortsætter."))
        }
    }
}

extension Fault.Clinic {
    var told: Told {
        switch self {
        case .untrusted(.notYetValid):
            Told(
                Text(
                    en: "The clinic's certificate is not valid yet.",
                    da: "Klinikkens certifikat gælder ikke endnu."),
                Text(
                    en: "Compare the hub's date with today's; if it is right, tell the clinic.",
                    da: "Sammenlign hubbens dato med dags dato; er den rigtig, så kontakt klinikken."))
        case .untrusted(.expired):
            Told(
                Text(en: "The clinic's certificate has expired.", da: "Klinikkens certifikat er udløbet."),
                Text(
                    en: "Tell the clinic to renew its certificate; the readings wait on the hub.",
                    da: "Bed klinikken om at forny certifikatet; målingerne venter på hubben."))
        case .untrusted(.strangeAuthority):
            Told(
                Text(
                    en: "The clinic's certificate is signed by nobody whom the hub trusts.",
                    da: "Klinikkens certifikat er udstedt af nogen, hubben ikke stoler på."),
                Text(
                    en: "Ask the clinic for its issuer's file and name it at AuthorityFile=.",
                    da: "Få udstederens fil af klinikken, og angiv den ved AuthorityFile=."))
        case .untrusted(.otherHost):
            Told(
                Text(
                    en: "Somebody else's certificate is shown at the clinic's address.",
                    da: "På klinikkens adresse vises et certifikat, der tilhører en anden."),
                Text(
                    en: "Compare URL= in the settings with the name that the clinic has given you.",
                    da: "Sammenlign URL= i opsætningen med det navn, klinikken har oplyst."))
        case .untrusted(.unverified):
            Told(
                Text(
                    en: "The clinic's certificate cannot be trusted.",
                    da: "Hubben kan ikke stole på klinikkens certifikat."),
                Text(
                    en: "Tell the clinic what stands beside this.",
                    da: "Oplys klinikken om det, der står ved siden af."))
        case .notOurClinic:
            Told(
                Text(
                    en: "A web page answers where the clinic should.",
                    da: "En webside svarer i stedet for klinikken."),
                Text(
                    en: "Log in to the guest network if this is one, else correct URL= in the settings.",
                    da: "Log på netværket, hvis det er et gæstenetværk; ret ellers URL= i opsætningen."))
        case .rejectsUs(0):
            Told(
                Text(
                    en: "The clinic does not accept the hub's certificate.",
                    da: "Klinikken accepterer ikke hubbens certifikat."),
                Text(
                    en: "Ask the clinic for a new certificate for this hub.",
                    da: "Bed klinikken om et nyt certifikat til denne hub."))
        case .ourCertificateExpired:
            Told(
                Text(en: "The hub's certificate has expired.", da: "Hubbens certifikat er udløbet."),
                Text(
                    en: "Ask the clinic for a new certificate for this hub.",
                    da: "Bed klinikken om et nyt certifikat til denne hub."))
        case .rejectsUs:
            Told(
                Text(
                    en: "The clinic does not let this hub in.",
                    da: "Klinikken giver ikke denne hub adgang."),
                Text(
                    en: "Ask the clinic to renew the hub's access, and put the new password or secret in place.",
                    da: "Bed klinikken om at forny hubbens adgang, og læg den nye adgangskode på plads."))
        case .refusedReading:
            Told(
                Text(
                    en: "The clinic refuses readings because of what is in them.",
                    da: "Klinikken afviser målinger på grund af indholdet."),
                Text(
                    en:
                        "Send the clinic what `vitalsd queue` prints; then `vitalsd queue retry NUMBER` sends them again.",
                    da: "Send klinikken det, `vitalsd queue` viser; `vitalsd queue retry NUMMER` sender dem så igen."))
        case .busy:
            Told(
                Text(
                    en: "The clinic is busy and asks the hub to wait.",
                    da: "Klinikken har travlt og beder hubben vente."),
                Text(
                    en: "Nothing to do: the hub tries again by itself and loses nothing.",
                    da: "Der skal ikke gøres noget: hubben prøver igen af sig selv og mister intet."))
        case .failing:
            Told(
                Text(en: "The clinic's server fails.", da: "Klinikkens server virker ikke."),
                Text(
                    en: "Tell the clinic; the hub tries again by itself and loses nothing.",
                    da: "Kontakt klinikken; hubben prøver igen af sig selv og mister intet."))
        case .badAnswer:
            Told(
                Text(
                    en: "The clinic's answer makes no sense.",
                    da: "Klinikkens svar giver ikke mening."),
                Text(
                    en: "Tell the clinic what stands beside this.",
                    da: "Oplys klinikken om det, der står ved siden af."))
        case .tooLarge:
            Told(
                Text(
                    en: "The clinic takes no message of the size of a single reading.",
                    da: "Klinikken modtager ikke engang beskeder på størrelse med én måling."),
                Text(
                    en: "Ask the clinic to allow larger messages.",
                    da: "Bed klinikken om at tillade større beskeder."))
        case .wrongAddress:
            Told(
                Text(
                    en: "The address in the settings leads to no receiver of readings.",
                    da: "Adressen i opsætningen fører ikke til en modtager af målinger."),
                Text(
                    en: "Compare URL= in the settings with what the clinic has given you.",
                    da: "Sammenlign URL= i opsætningen med det, klinikken har oplyst."))
        case .ambiguous:
            Told(
                Text(
                    en: "The clinic has the same device or patient more than once, and cannot tell which is meant.",
                    da:
                        "Klinikken har den samme enhed eller patient mere end én gang og kan ikke se, hvilken der menes."
                ),
                Text(
                    en: "Ask the clinic to keep one of them.",
                    da: "Bed klinikken om at beholde én af dem."))
        case .codeRejected:
            Told(
                Text(
                    en: "The clinic does not accept the code that was typed for this hub.",
                    da: "Klinikken godkender ikke den kode, der blev indtastet til denne hub."),
                Text(
                    en: "Ask the clinic for a new code, and run `vitalsd enrol` with it.",
                    da: "Bed klinikken om en ny kode, og kør `vitalsd enrol` med den."))
        case .enrolmentPending:
            Told(
                Text(
                    en: "The clinic has not approved this hub yet.",
                    da: "Klinikken har endnu ikke godkendt denne hub."),
                Text(
                    en: "Ask the clinic to approve it, then run `vitalsd enrol` again.",
                    da: "Bed klinikken om at godkende den, og kør så `vitalsd enrol` igen."))
        case .badCertificate:
            Told(
                Text(
                    en: "The certificate that the clinic has made for this hub cannot be used.",
                    da: "Det certifikat, klinikken har udstedt til denne hub, kan ikke bruges."),
                Text(
                    en: "Tell the clinic what stands beside this.",
                    da: "Oplys klinikken om det, der står ved siden af."))
        case .noEnrolment:
            Told(
                Text(
                    en: "The address leads to no server that gives out certificates.",
                    da: "Adressen fører ikke til en server, der udsteder certifikater."),
                Text(
                    en: "Compare what stands behind `--server` with the address that the clinic has given you.",
                    da: "Sammenlign det, der står efter `--server`, med den adresse, klinikken har oplyst."))
        }
    }
}

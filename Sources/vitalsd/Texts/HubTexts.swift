import Core

extension Fault.Hub {
    var told: Told {
        switch self {
        case .noRadio:
            Told(
                Text(en: "The hub has no Bluetooth radio.", da: "Hubben har ingen Bluetooth-radio."),
                Text(
                    en: "Plug in the Bluetooth stick, or another one if it is plugged in.",
                    da: "Sæt Bluetooth-nøglen i, eller en anden, hvis den sidder i."))
        case .radioOff:
            Told(
                Text(en: "The Bluetooth radio is off.", da: "Bluetooth-radioen er slukket."),
                Text(
                    en: "Wait a minute; if it stays off, take the Bluetooth stick out and put it in again.",
                    da: "Vent et minut; er den stadig slukket, så tag Bluetooth-nøglen ud, og sæt den i igen."))
        case .radioBlocked:
            Told(
                Text(
                    en: "The Bluetooth radio is blocked by a switch, as in flight mode.",
                    da: "Bluetooth-radioen er spærret af en kontakt, som ved flytilstand."),
                Text(
                    en: "Turn the switch on the case, or run `rfkill unblock bluetooth`.",
                    da: "Slå kontakten på kabinettet til, eller kør `rfkill unblock bluetooth`."))
        case .radioFailing:
            Told(
                Text(en: "The Bluetooth radio does not work.", da: "Bluetooth-radioen virker ikke."),
                Text(
                    en: "Take the Bluetooth stick out and put it in again; replace it if that does not help.",
                    da: "Tag Bluetooth-nøglen ud, og sæt den i igen; udskift den, hvis det ikke hjælper."))
        case .radioShared:
            Told(
                Text(
                    en: "Another program uses the hub's Bluetooth radio too.",
                    da: "Et andet program bruger også hubbens Bluetooth-radio."),
                Text(
                    en: "Run `systemctl disable --now bluetooth`, or name another radio at Adapter= in the settings.",
                    da:
                        "Kør `systemctl disable --now bluetooth`, eller angiv en anden radio ved Adapter= i opsætningen."
                ))
        case .portGone:
            Told(
                Text(en: "A device's cable is not plugged in.", da: "Kablet til et apparat er ikke sat i."),
                Text(
                    en: "Plug the cable in again, at the hub and at the device.",
                    da: "Sæt kablet i igen, både i hubben og i apparatet."))
        case .portBusy:
            Told(
                Text(
                    en: "Another program holds a device's cable.",
                    da: "Et andet program optager kablet til et apparat."),
                Text(en: "Stop that program.", da: "Stop det pågældende program."))
        case .linesAlike:
            Told(
                Text(
                    en: "Two cables look the same to the hub, so it cannot tell their devices apart.",
                    da: "To kabler ser ens ud for hubben, så den kan ikke kende apparaterne fra hinanden."),
                Text(
                    en: "Unplug one of them, or replace its USB plug by one with a serial number of its own.",
                    da: "Tag det ene ud, eller udskift dets USB-stik med et, der har sit eget serienummer."))
        case .noPermission:
            Told(
                Text(
                    en: "vitalsd is not allowed to use something that it needs.",
                    da: "vitalsd har ikke lov til at bruge noget, den behøver."),
                Text(
                    en: "Start it with `systemctl restart vitalsd`, and commands with `sudo`; else install it again.",
                    da: "Start den med `systemctl restart vitalsd` og kommandoer med `sudo`; installér den ellers igen."
                ))
        case .diskFull:
            Told(
                Text(
                    en: "The hub's disk is full, so no reading can be stored.",
                    da: "Hubbens disk er fuld, så ingen målinger kan gemmes."),
                Text(
                    en: "Delete what does not belong on the hub; the readings wait on the devices.",
                    da: "Slet det, der ikke hører til på hubben; målingerne venter i apparaterne."))
        case .diskFailing:
            Told(
                Text(
                    en: "The hub's disk or memory card has failed.",
                    da: "Hubbens disk eller hukommelseskort er defekt."),
                Text(en: "Replace the disk or the card.", da: "Udskift disken eller kortet."))
        case .diskReadOnly:
            Told(
                Text(
                    en: "The hub's disk can be read, but not written to.",
                    da: "Hubbens disk kan læses, men der kan ikke skrives på den."),
                Text(
                    en: "Restart the hub; replace the disk or the card if it happens again.",
                    da: "Genstart hubben; udskift disken eller kortet, hvis det sker igen."))
        case .journalFull:
            Told(
                Text(
                    en: "The hub is full of readings that the clinic does not have yet.",
                    da: "Hubben er fuld af målinger, som klinikken endnu ikke har fået."),
                Text(
                    en: "Mend the way to the clinic; see what this report says of network and clinic.",
                    da: "Få forbindelsen til klinikken i orden; se rapportens linjer om netværk og klinik."))
        case .readingsLost:
            Told(
                Text(
                    en: "Readings of a device on a cable found no room and are lost.",
                    da: "Målinger fra et apparat med kabel kunne ikke gemmes og er gået tabt."),
                Text(
                    en: "Make room on the hub's disk, and let the person measure again.",
                    da: "Skaf plads på hubbens disk, og lad personen måle igen."))
        case .journalDamaged:
            Told(
                Text(
                    en: "The file with the readings on the hub is damaged.",
                    da: "Filen med målinger på hubben er beskadiget."),
                Text(
                    en:
                        "Run `systemctl restart vitalsd`, which saves what can be read; replace the card if it comes back.",
                    da:
                        "Kør `systemctl restart vitalsd`, som redder det læsbare; udskift kortet, hvis det gentager sig."
                ))
        case .journalNewer:
            Told(
                Text(
                    en: "The readings on the hub were stored by a newer vitalsd than this one.",
                    da: "Målingerne på hubben er gemt af en nyere vitalsd end denne."),
                Text(en: "Install the newer vitalsd again.", da: "Installér den nyere vitalsd igen."))
        case .journalInUse:
            Told(
                Text(
                    en: "Another vitalsd is at work on this hub.",
                    da: "En anden vitalsd er i gang på denne hub."),
                Text(
                    en: "Stop the other one; see `systemctl status vitalsd`.",
                    da: "Stop den anden; se `systemctl status vitalsd`."))
        case .daemonSlow:
            Told(
                Text(
                    en: "vitalsd has not answered yet.",
                    da: "vitalsd har ikke svaret endnu."),
                Text(
                    en: "Wait a minute and ask again. `vitalsd audit` shows what it has done: nothing is done twice.",
                    da: "Vent et minut, og spørg igen. `vitalsd audit` viser, hvad den har gjort: intet gøres to gange."
                ))
        case .undelivered:
            Told(
                Text(
                    en: "Some readings are not at the clinic yet and would be lost.",
                    da: "Nogle målinger er endnu ikke hos klinikken og ville gå tabt."),
                Text(
                    en: "Wait until they are, or add `--undelivered` if they may be lost.",
                    da: "Vent, til de er det, eller tilføj `--undelivered`, hvis de må gå tabt."))
        case .clockUnset:
            Told(
                Text(en: "The hub does not know what time it is.", da: "Hubben ved ikke, hvad klokken er."),
                Text(
                    en: "Connect it to the internet and wait some minutes, or set it with `timedatectl set-time`.",
                    da: "Slut den til internettet, og vent nogle minutter, eller stil uret med `timedatectl set-time`.")
            )
        case .badConfiguration:
            Told(
                Text(en: "The settings file has a mistake.", da: "Der er en fejl i opsætningsfilen."),
                Text(
                    en: "Correct the line that is named, then run `systemctl restart vitalsd`.",
                    da: "Ret den linje, der er nævnt, og kør så `systemctl restart vitalsd`."))
        case .certificateUnreadable:
            Told(
                Text(
                    en: "A file that proves who the hub or the clinic is cannot be read.",
                    da: "En fil, der beviser, hvem hubben eller klinikken er, kan ikke læses."),
                Text(
                    en: "Put the file in its place and give it to the user vitalsd with `chown vitalsd`.",
                    da: "Læg filen på plads, og giv den til brugeren vitalsd med `chown vitalsd`."))
        case .secretExposed:
            Told(
                Text(
                    en: "Every user of the hub can read one of its secrets.",
                    da: "Alle brugere på hubben kan læse en af dens hemmeligheder."),
                Text(
                    en: "Run `chown vitalsd` and `chmod 600` on the file that is named.",
                    da: "Kør `chown vitalsd` og `chmod 600` på den fil, der er nævnt."))
        case .lacksProgram:
            Told(
                Text(
                    en: "A program that the hub needs is not installed.",
                    da: "Et program, som hubben skal bruge, er ikke installeret."),
                Text(
                    en: "Install the program that is named with `apt install`, and try again.",
                    da: "Installér det nævnte program med `apt install`, og prøv igen."))
        case .system:
            Told(
                Text(
                    en: "The hub's operating system refused something that always works.",
                    da: "Hubbens styresystem afviste noget, der ellers altid virker."),
                Text(
                    en: "Restart the hub, and report it to support with what stands beside this.",
                    da: "Genstart hubben, og meld det til support sammen med det, der står ved siden af."))
        }
    }
}

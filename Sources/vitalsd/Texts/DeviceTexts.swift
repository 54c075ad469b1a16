import Core

extension Fault.Device {
    var told: Told {
        switch self {
        case .silent:
            Told(
                Text(en: "The device answers no more.", da: "Apparatet svarer ikke længere."),
                Text(
                    en: "Put in fresh batteries, bring it near the hub and measure again.",
                    da: "Sæt nye batterier i, tag det hen til hubben, og mål igen."))
        case .hungUp:
            Told(
                Text(en: "The device broke off the connection.", da: "Apparatet afbrød forbindelsen."),
                Text(
                    en: "Measure again near the hub; what the device has stored comes along.",
                    da: "Mål igen tæt på hubben; det, apparatet har gemt, kommer med."))
        case .unrecognised:
            Told(
                Text(
                    en: "Something speaks to the hub that is no device it knows.",
                    da: "Hubben får data fra noget, der ikke er et apparat, den kender."),
                Text(
                    en: "Compare the model with the list that `vitalsd devices` prints.",
                    da: "Sammenlign modellen med listen fra `vitalsd devices`."))
        case .endedUs:
            Told(
                Text(
                    en: "The device has stopped the program on the hub three times and is left alone now.",
                    da: "Apparatet har fået programmet på hubben til at stoppe tre gange og er nu sat til side."),
                Text(
                    en: "Replace the device with `vitalsd swap`, and report this one to support.",
                    da: "Udskift apparatet med `vitalsd swap`, og meld det til support."))
        case .malformed:
            Told(
                Text(
                    en: "The device sends data that make no sense.",
                    da: "Apparatet sender data, der ikke giver mening."),
                Text(
                    en: "Take its batteries out for a minute and measure again; report it to support if it stays so.",
                    da: "Tag batterierne ud i et minut, og mål igen; meld det til support, hvis det fortsætter."))
        case .refused:
            Told(
                Text(
                    en: "The device refuses to answer the hub's question.",
                    da: "Apparatet nægter at svare på hubbens spørgsmål."),
                Text(
                    en: "Take its batteries out for a minute and measure again.",
                    da: "Tag batterierne ud i et minut, og mål igen."))
        case .lacking:
            Told(
                Text(
                    en: "The device lacks something that its model should have.",
                    da: "Apparatet mangler noget, som modellen burde have."),
                Text(
                    en: "Check the model on the device's label against what the hub takes it for.",
                    da: "Kontrollér modellen på apparatets mærkat mod den model, hubben tror, det er."))
        }
    }
}

extension Fault.Pairing {
    var told: Told {
        switch self {
        case .notPaired:
            Told(
                Text(
                    en: "The device wants to be paired with the hub first.",
                    da: "Apparatet skal først parres med hubben."),
                Text(
                    en: "Put it in pairing mode and run `vitalsd pair ADDRESS`.",
                    da: "Sæt det i parringstilstand, og kør `vitalsd pair ADRESSE`."))
        case .keyForgotten:
            Told(
                Text(
                    en: "The device has forgotten that it was paired with the hub.",
                    da: "Apparatet har glemt, at det var parret med hubben."),
                Text(
                    en: "Put it in pairing mode and run `vitalsd pair ADDRESS`.",
                    da: "Sæt det i parringstilstand, og kør `vitalsd pair ADRESSE`."))
        case .notInPairingMode:
            Told(
                Text(en: "The device is not in pairing mode.", da: "Apparatet er ikke i parringstilstand."),
                Text(
                    en: "Hold its button until the display says so, then pair again.",
                    da: "Hold knappen inde, til skærmen viser det, og par igen."))
        case .rejected:
            Told(
                Text(en: "The device did not accept the pairing.", da: "Apparatet afviste parringen."),
                Text(
                    en: "Read the code on the device or in its manual, and pair again.",
                    da: "Læs koden på apparatet eller i manualen, og par igen."))
        case .slotTaken:
            Told(
                Text(
                    en: "The device is paired with something else, such as a phone.",
                    da: "Apparatet er parret med noget andet, for eksempel en telefon."),
                Text(
                    en: "Remove the device from that phone's Bluetooth list, and pair again.",
                    da: "Fjern apparatet fra telefonens Bluetooth-liste, og par igen."))
        case .notBound:
            Told(
                Text(
                    en: "The device is not registered to anybody on this hub.",
                    da: "Apparatet er ikke tilknyttet nogen på denne hub."),
                Text(
                    en: "Run `vitalsd bind ADDRESS`, if it belongs to this home.",
                    da: "Kør `vitalsd bind ADRESSE`, hvis det hører til i dette hjem."))
        case .boundElsewhere:
            Told(
                Text(
                    en: "The device is registered to somebody else.",
                    da: "Apparatet er tilknyttet en anden person."),
                Text(
                    en: "Run `vitalsd unbind ADDRESS` first, if it is not theirs any more.",
                    da: "Kør først `vitalsd unbind ADRESSE`, hvis det ikke længere er deres."))
        }
    }
}

/// The words of `vitalsd help`. What stands behind a verb's summary is that of the manual page, which is English.
enum HelpText {
    static let what = Text(
        en: "vitalsd: readings from medical devices in a home to a clinic",
        da: "vitalsd: målinger fra måleapparater i hjemmet til klinikken")
    static let more = Text(
        en: "vitalsd help VERB says more. Exit codes are those of sysexits.h.",
        da: "vitalsd help KOMMANDO siger mere, på engelsk. Slutkoder er dem i sysexits.h.")
    static let usage = Text(en: "usage", da: "brug")

    /// What each verb does, in Danish.
    fileprivate static let danish = [
        "run": "selve programmet",
        "demo": "vis hovedopgaven uden apparater",
        "status": "kører det, hvad venter, og hvad er der i vejen",
        "diagnose": "hvis problemet er, og hvad der skal gøres nu",
        "watch": "hvad hubben gør, mens den gør det",
        "queue": "hvad der venter, og hvad klinikken har afvist og hvorfor",
        "explain": "hvordan en målings tidspunkt er fundet, eller hvad en kode betyder",
        "scan": "hvilke trådløse apparater der er i nærheden",
        "pair": "par med et trådløst apparat, og hent dets målinger",
        "enrol": "hent hubbens certifikat hos klinikken",
        "bind": "hent målinger fra et trådløst apparat, eller aftal, hvornår der skal måles",
        "unbind": "lad et apparat være i fred igen",
        "swap": "et apparat afløses af et andet hos samme person",
        "wipe": "før udstyret leveres tilbage: der er intet tilbage om borgeren",
        "audit": "hvem der har gjort hvad med udstyret, og hvornår",
        "report": "det, support skal bruge, i én fil uden navne og numre",
        "devices": "vis de apparater, vitalsd kender",
        "decode": "vis, hvad et apparats byte betyder, som JSON",
        "record": "gem det, et apparat sender næste gang, i en fil, der kan gives videre",
        "replay": "afspil optagne samtaler",
        "version": "vis versionen",
        "help": "forklar en kommando",
    ]
}

extension Command {
    /// What it does, in one line.
    var told: Text { Text(en: summary, da: HelpText.danish[verb] ?? summary) }
}

/// The words of `vitalsd watch`.
enum WatchText {
    static let looking = Text(en: "Looking for the daemon.", da: "Leder efter programmet.")
    static let absent = Text(
        en: "The daemon does not run; waiting for it. Start it: systemctl start vitalsd",
        da: "Programmet kører ikke; venter på det. Start det: systemctl start vitalsd")
    static let keys = Text(en: "q ends", da: "q afslutter")
    static let running = Text(en: "running", da: "kører")
    static let clockRight = Text(en: "clock right", da: "uret går rigtigt")
    static let clockUnkept = Text(en: "nothing keeps the clock", da: "intet stiller uret")
    static let waiting = Text(en: "waiting", da: "venter")
    static let delivered = Text(en: "delivered", da: "afleveret")
    static let devices = Text(en: "DEVICES NEAR", da: "APPARATER I NÆRHEDEN")
    static let visits = Text(en: "VISITS", da: "BESØG")
    static let readings = Text(en: "READINGS", da: "MÅLINGER")
    static let ours = Text(en: "ours", da: "vores")
    static let stranger = Text(en: "not bound", da: "ikke tilknyttet")
    static let others = Text(
        en: "more that are no device vitalsd knows", da: "flere, som vitalsd ikke kender")
    static let nobody = Text(en: "nothing heard yet", da: "intet hørt endnu")
    static let noVisit = Text(
        en: "none since the daemon began", da: "ingen, siden programmet startede")
    static let noReading = Text(
        en: "none since the daemon began", da: "ingen, siden programmet startede")
    static let now = Text(en: "now", da: "nu")
    static let kept = Text(en: "kept", da: "gemt")
    static let isKept = Text(en: "kept", da: "gemt")
    static let isSent = Text(en: "sent", da: "sendt")
    static let isDelivered = Text(en: "receipt", da: "kvittering")
    static let isRefused = Text(en: "refused by the clinic", da: "afvist af klinikken")
    static let after = Text(en: "after", da: "efter")
    static let heard = Text(en: "heard", da: "hørt")
    static let stopped = Text(
        en: "the daemon has gone; waiting for it", da: "programmet er væk; venter på det")
    static let began = Text(en: "the daemon runs", da: "programmet kører")

    static func name(of step: VisitScene.Step) -> Text {
        switch step {
        case .connecting: Text(en: "connecting", da: "forbinder")
        case .begun: Text(en: "conversation", da: "samtale")
        case .clockRead: Text(en: "clock read", da: "ur aflæst")
        case .clockSet: Text(en: "clock set", da: "ur stillet")
        case .kept: kept
        case .gaveAll: Text(en: "all given", da: "alt hentet")
        case .over: Text(en: "over", da: "slut")
        case .failed: Text(en: "failed", da: "mislykket")
        }
    }
}

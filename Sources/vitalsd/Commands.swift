/// The version that `vitalsd version` prints and the clinic hears.
let version = "0.1.0"
/// The day of that version, as the manual pages bear it.
let released = "2026-11-28"

/// Every verb there is, in the order in which `vitalsd help` lists them.
let commands: [Command] = [
    .run, .demo, .status, .diagnose, .watch, .queue, .explain, .scan, .pair, .enrol, .bind, .unbind, .swap, .wipe,
    .audit, .report, .devices, .decode, .record, .replay, .version, .help,
]

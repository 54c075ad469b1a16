// swift-tools-version: 6.2
import PackageDescription

let common: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]
/// `make fuzz` links the daemon's own readers of text into its program, which only a library can be.
let isDaemonFuzzed = Context.environment["FUZZED_DAEMON"] != nil
let daemon: [Target.Dependency] = [
    "Core", "Bluetooth", "Devices", "FHIR", "Host", "Journal", "Clinic", "CLinux",
]
/// Below the line that knows no operating system: no `unsafe`, no C, no Foundation.
let pure = common + [.strictMemorySafety()]

let package = Package(
    name: "vitalsd",
    targets: [
        // Pure: bytes and meaning.
        .target(name: "Core", swiftSettings: pure + [.enableExperimentalFeature("Lifetimes")]),
        .target(name: "Bluetooth", dependencies: ["Core"], swiftSettings: pure),
        .target(name: "Devices", dependencies: ["Core"], swiftSettings: pure),
        .target(name: "FHIR", dependencies: ["Core"], swiftSettings: pure),

        // The operating system, the disk and the network, one each.
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CBluetooth", providers: [.apt(["libbluetooth-dev"])]),
        .systemLibrary(name: "CUdev", pkgConfig: "libudev", providers: [.apt(["libudev-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .target(
            name: "Host", dependencies: ["Core", "Bluetooth", "CLinux", "CBluetooth", "CUdev"], swiftSettings: common),
        .target(name: "Journal", dependencies: ["Core", "CSQLite"], swiftSettings: common),
        .target(name: "Clinic", dependencies: ["Core", "FHIR", "CCurl", "CSQLite"], swiftSettings: common),

        isDaemonFuzzed
            ? .target(name: "vitalsd", dependencies: daemon, exclude: ["main.swift"], swiftSettings: common)
            : .executableTarget(name: "vitalsd", dependencies: daemon, swiftSettings: common),

        // What is measured, and by what: `make bench`.
        .executableTarget(
            name: "vitalsd-bench",
            dependencies: ["Core", "Bluetooth", "Devices", "Host", "Journal", "CLinux", "CSQLite"], path: "Tests/Bench",
            exclude: [
                "allocations.c", "antidote.c", "bench.py", "decoders.py", "drain.py", "floor.c", "home.py", "idle.py",
                "kept.c", "peers.py", "queue_parts.py", "queue_peers.py", "queues.py", "theengs_feed.py",
            ],
            swiftSettings: common),

        // Whether dating is right, on clocks of which the truth is known: `make clocks`.
        .executableTarget(
            name: "vitalsd-clocks", dependencies: ["Core", "Dice"], path: "Tests/Clocks", swiftSettings: common,
            linkerSettings: [.linkedLibrary("m")]),
        // Fifty thousand hubs and one clinic, on a clock of their own: `make fleet`.
        .executableTarget(
            name: "vitalsd-fleet", dependencies: ["Core", "FHIR", "Dice"], path: "Tests/Fleet", swiftSettings: common,
            linkerSettings: [.linkedLibrary("m")]),
        // Chance that can be repeated, for all of them.
        .target(name: "Dice", path: "Tests/Dice", swiftSettings: common),
        // The loop's one thread, in a process that is the tests'.
        .target(name: "TestLoop", dependencies: ["Host"], path: "Tests/TestLoop", swiftSettings: common),
        .testTarget(name: "ClockTests", dependencies: ["Core", "Dice", "vitalsd-clocks"], swiftSettings: common),

        .testTarget(name: "CoreTests", dependencies: ["Core", "Dice"], swiftSettings: common),
        .testTarget(name: "BluetoothTests", dependencies: ["Core", "Bluetooth"], swiftSettings: common),
        .testTarget(
            name: "DeviceTests", dependencies: ["Core", "Bluetooth", "Devices", "Dice"], exclude: ["Captures"],
            swiftSettings: common),
        .testTarget(name: "FHIRTests", dependencies: ["Core", "FHIR"], swiftSettings: common),
        .testTarget(
            name: "HostTests", dependencies: ["Core", "Bluetooth", "Host", "CBluetooth", "TestLoop"],
            swiftSettings: common),
        .testTarget(
            name: "JournalTests", dependencies: ["Core", "Host", "Journal", "CSQLite", "Dice"], swiftSettings: common),
        .testTarget(name: "ClinicTests", dependencies: ["Core", "FHIR", "Clinic"], swiftSettings: common),
        .testTarget(
            name: "GatewayTests",
            dependencies: ["Core", "Bluetooth", "Host", "Clinic", "Dice", "Journal", "TestLoop", "vitalsd"],
            swiftSettings: common),
        .testTarget(name: "HouseTests", swiftSettings: common),
        // Every parser of outside bytes, for libFuzzer: `make fuzz`.
        .executableTarget(
            name: "vitalsd-fuzz",
            dependencies: ["Core", "Bluetooth", "Devices", "FHIR", "Clinic", "Dice"]
                + (isDaemonFuzzed ? ["vitalsd"] : []),
            path: "Tests/Fuzz", exclude: ["fuzz.py"], swiftSettings: common),
        // What a power cut leaves of a journal, opened as the daemon opens it: see Tests/EndToEnd/test_power.py.
        .executableTarget(
            name: "vitalsd-cuts", dependencies: ["Core", "Host", "Journal"], path: "Tests/PowerCuts",
            exclude: ["disk.c"], swiftSettings: common),
        // The radio alone, to be run in the virtual home, where the kernel has one.
        .executableTarget(
            name: "RadioProbe", dependencies: ["Core", "Bluetooth", "Host"], path: "Tests/VirtualHome/probe",
            swiftSettings: common),
    ]
)

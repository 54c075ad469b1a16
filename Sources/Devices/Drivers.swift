import Core

/// Every model that vitalsd knows. Their order means nothing: exactly one claims a device.
package let drivers: [Driver] = [
    .andUA651BLE,
    .andUA767PBT,
    .andUC321PBT,
    .andUC352BLE,
    .andUT201BLE,
    .contecCMS50DPlus,
    .nonin9560,
    .noninFormat13,
    .noninFormat8,
    .sigBloodPressure,
    .sigGlucose,
    .sigThermometer,
    .sigOximeter,
    .sigScale,
]

import Core

/// Every model that vitalsd knows. Their order means nothing: exactly one claims a device.
package let drivers: [Driver] = [
    .andUA651BLE,
    .andUC352BLE,
    .andUT201BLE,
    .contecCMS50DPlus,
    .noninFormat13,
    .noninFormat8,
    .sigBloodPressure,
    .sigGlucose,
    .sigThermometer,
    .sigOximeter,
    .sigScale,
]

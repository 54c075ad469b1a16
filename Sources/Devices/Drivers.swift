import Core

/// Every model that vitalsd knows, in the order of their ids. Their order means nothing: exactly one claims a device.
package let drivers: [Driver] = [
    .andUA651BLE,
    .andUC352BLE,
    .andUT201BLE,
    .berryBM1000,
    .beurerPO60,
    .contecCMS50DBT,
    .contecCMS50DPlus,
    .jumperJPD500F,
    .masimoMightySat,
    .nonin3230,
    .noninFormat13,
    .noninFormat8,
    .sigBloodPressure,
    .sigGlucose,
    .sigThermometer,
    .sigOximeter,
    .sigScale,
    .viatomPC60FW,
    .wellueO2Ring,
]

/// Bytes of spirometers, whose meaning somebody else has published.
extension Vector {
    static let spirometers = [
        // silverbullet-dk/opentele-client-android, LungMonitorPacketCollectorTest.java (Apache-2.0)
        Vector(
            "vitalograph-classic-001", "vitalograph-lung-monitor", "vitalograph",
            "024654443030303031323934303633363333393930393134303430303030303030393530393030303031333035323831303434313830"
                + "393233036a",
            "fev1 3.63 L fev6 3.99 L fev1-fev6 0.91 1 fef25-75 4.04 L/s at 2013-05-28T10:44:18"),
        // signatps/cardio-rehab-mobile, the example values of Vitalograph's own API document
        Vector(
            "vitalograph-btsmart-001", "vitalograph-bt-smart", "vitalograph",
            "024754443132333435363756495434323032383933323734383030363833393533383034323030383631303030383030353030333031"
                + "33313032353132333033303039313203"
                + "12",
            "pef 420 L/min fev0.75 2.89 L fev1 3.27 L fev6 4.80 L fev1-fev6 0.68 1 fef25-75 3.95 L/s pef-best 420 L/min "
                + "at 2013-10-25T12:30:30"),
        // weliem/LivecareBluetoothSDK, SpirometerAndesFit.java: what a device sent, as a comment; the first of two
        Vector(
            "andesfit-spiro-001", "andesfit-adf-b22", "FF0A", "dd802a03600e014501a52a03609801a101",
            "fev1 2.70 L pef 325 L/min at 2021-01-16T18:03:44 #from-storage"),
        // Built by hand from tikhonp/contec-spirometer-ios-app, with the values of its own example
        Vector(
            "contec-sp10bt-rec-001", "contec-sp10", "contec-spirometer",
            "e10001010016081d111e2400192f0101007e0300006f034b070000000025070000000000000000000000002c",
            "fvc 5.10 L fev1 4.95 L fev1-fvc 97.1 % pef 9.33 L/s at 2022-08-29T17:30:36 sequence 1 #from-storage"),
        // Built by hand from Francesco-Zaio/app-android
        Vector(
            "mir-spirodoc-a2-001", "mir-spirodoc", "mir-last-test",
            "00007d00fa00000000000000000000000001a5013602e900000104026400000000000002e0000000000000000000000000000000"
                + "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
                + "00000000000000000000000000000000000000048c",
            "fvc 4.21 L fev1 3.10 L pef 7.45 L/s fef25-75 2.60 L/s fet 6.12 s fev1-fvc 73.6 % undated #from-storage"),
    ]
}

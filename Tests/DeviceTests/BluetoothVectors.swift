/// Bytes of makers' own Bluetooth protocols, whose meaning somebody else has published.
extension Vector {
    static let bluetoothOximeters = [
        // Built by hand from the layout that three public decoders agree on
        Vector(
            "nonin-3230-001", "nonin-3230", "0AAD7EA0-0D60-11E2-8E3C-0002A5D5C51B", "0a151e012c0007610048",
            "spo2 97 % pulse-oximeter-rate 72 /min perfusion-index 3.00 % now #smart-point"),
        // Beurer PO60 vendor document, the example of its last page
        Vector(
            "beurer-po60-record", "beurer-po60", "contec-records", "e9000f0b060d14250f0b060d143a0000166060606f6e6e4b",
            "spo2 96 % maximum spo2 96 % minimum spo2 96 % average pulse-oximeter-rate 111 /min maximum "
                + "pulse-oximeter-rate 110 /min minimum pulse-oximeter-rate 110 /min average at 2015-11-06T13:20:58 "
                + "lasting 21 #from-storage"),
        // sycophantic/pc60fw_pulseox, raw_data.txt: what a device sent
        Vector(
            "pc60fw-001", "viatom-pc60fw", "pc-60fw", "aa550f08016144000000c094",
            "spo2 97 % pulse-oximeter-rate 68 /min perfusion-index ?unknown % now"),
        Vector(
            "pc60fw-003", "viatom-pc60fw", "pc-60fw", "aa550f08016244004b00c03d",
            "spo2 98 % pulse-oximeter-rate 68 /min perfusion-index 7.5 % now"),
        // Example in a comment of sza2/viatom_pc60fw, its CRC computed
        Vector(
            "pc60fw-007", "viatom-pc60fw", "pc-60fw", "aa550f0801603e005000c008",
            "spo2 96 % pulse-oximeter-rate 62 /min perfusion-index 8.0 % now"),
        // Built by hand from the fields in home-health-hub/viatom-o2ring-ble
        Vector(
            "viatom-rt-001", "wellue-o2ring", "o2ring", "5500ff00000c0061480051000e010000000000a3",
            "spo2 97 % pulse-oximeter-rate 72 /min now"),
        // Built by hand from zh2x/BCI_Protocol
        Vector("bci-001", "berry-bm1000", "bci", "c72a064b62", "spo2 98 % pulse-oximeter-rate 75 /min now"),
        // Built by hand from obniz/obniz PLS_01BT
        Vector(
            "jumper-001", "jumper-jpd500f", "CDEACB81-5235-4C07-8846-93A37EE6B86D", "8148621e",
            "spo2 98 % pulse-oximeter-rate 72 /min perfusion-index 3.0 % now"),
    ]
}

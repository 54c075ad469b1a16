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
        // The same document, what the device answers when it is asked for its clock
        Vector("beurer-po60-005", "beurer-po60", "contec-records", "f910041a0a2a25630063", "at 2016-04-26T10:42:37"),
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
            "spo2 97 % pulse-oximeter-rate 72 /min battery 81 % now"),
        // Built by hand from zh2x/BCI_Protocol
        Vector("bci-001", "berry-bm1000", "bci", "c72a064b62", "spo2 98 % pulse-oximeter-rate 75 /min now"),
        // Built by hand from obniz/obniz PLS_01BT
        Vector(
            "jumper-001", "jumper-jpd500f", "CDEACB81-5235-4C07-8846-93A37EE6B86D", "8148621e",
            "spo2 98 % pulse-oximeter-rate 72 /min perfusion-index 3.0 % now"),
    ]

    static let bluetoothMeters = [
        // derdilla/blood-pressure-monitor-fl, ble_measurement_data_test.dart: what a BM85 sent
        Vector(
            "beurer-bm85-001", "beurer-bm85", "2A35", "566a0047000000ea07080b121f00003f000000",
            "systolic 106 mm[Hg] diastolic 71 mm[Hg] mean ?unsupported mm[Hg] pulse 63 /min at 2026-08-11T18:31:00 user 0"
        ),
        Vector(
            "beurer-bm85-003", "beurer-bm85", "2A35", "56770046000000ea07080b1439000057010040",
            "systolic 119 mm[Hg] diastolic 70 mm[Hg] mean ?unsupported mm[Hg] pulse 87 /min at 2026-08-11T20:57:00 user 1 #partly-decoded"
        ),
        // eigger/hass-omron, test_record_parsers.py: what a HEM-7600T-E kept
        Vector(
            "omron-rec-003", "omron-eeprom", "omron-14", "5b781a4819d71b42000014006996",
            "systolic 145 mm[Hg] diastolic 91 mm[Hg] pulse 72 /min at 2026-06-14T23:45:02 #from-storage"),
        // The same: what a HEM-7142T2 kept
        Vector(
            "omron-rec-001", "omron-eeprom", "omron-14-le", "6558541a331ade1800004c00ba00",
            "systolic 126 mm[Hg] diastolic 88 mm[Hg] pulse 84 /min at 2026-06-17T19:35:30 #from-storage"),
        Vector(
            "omron-rec-002", "omron-eeprom", "omron-14-le", "6457431a7316161c000046001900",
            "systolic 125 mm[Hg] diastolic 87 mm[Hg] pulse 67 /min at 2026-05-19T19:48:22 #from-storage"),
        // Built by hand from userx14/omblepy
        Vector(
            "omron-7361t-001", "omron-eeprom", "omron-16", "6558541a335a8f070000000000000000",
            "systolic 126 mm[Hg] diastolic 88 mm[Hg] pulse 84 /min at 2026-06-17T19:30:15 #irregular-pulse #from-storage"
        ),
        // derdilla/blood-pressure-monitor-fl, microlife_measurement_data_test.dart
        Vector(
            "microlife-record", "microlife-bp", "microlife-record", "78503c18060f0e1e0000",
            "systolic 120 mm[Hg] diastolic 80 mm[Hg] pulse 60 /min at 2024-06-15T14:30:00 #from-storage"),
        // The stamp is that of taidoc-clock-001, the result taidoc-003 (signatps/cardio-rehab-mobile)
        Vector(
            "taidoc-003", "taidoc-td3128", "taidoc-blood-pressure", "5125cf301e0ea546512680005246a534",
            "systolic 128 mm[Hg] diastolic 82 mm[Hg] pulse 70 /min at 2024-06-15T14:30:00 #from-storage"),
        // Its result alone
        Vector(
            "taidoc-003-alone", "taidoc-td3128", "taidoc-blood-pressure", "512680005246a534",
            "systolic 128 mm[Hg] diastolic 82 mm[Hg] pulse 70 /min undated #from-storage"),
        Vector(
            "taidoc-temp-001-alone", "taidoc-ir", "taidoc-temperature", "51266e010000a58b",
            "temperature 36.6 Cel undated #from-storage"),
        // Built by hand from advmeds-service/advmeds-bluetooth-lib
        Vector(
            "taidoc-temp-001", "taidoc-ir", "taidoc-temperature", "5125cf301e0ea54651266e010000a58b",
            "temperature 36.6 Cel at 2024-06-15T14:30:00 #from-storage"),
        Vector(
            "taidoc-scale-001", "taidoc-td2555", "taidoc-scale",
            "51711e0000000000000000af00000000030e000000000000000000000000000000a545",
            "weight 78.2 kg height 175 cm undated user 0 #from-storage"),
        Vector(
            "taidoc-oximetry", "taidoc-td8255", "taidoc", "514961000048a5e8",
            "spo2 97 % pulse-oximeter-rate 72 /min now"),
        // theengs/decoder, test_ble.cpp
        Vector(
            "ws-xiaomi-v1-001", "xiaomi-scale", "xiaomi-181d", "223e30e607020e10293a",
            "weight 61.750 kg at 2022-02-14T16:41:58 #not-medical-device"),
        Vector(
            "ws-xiaomi-v1-003", "xiaomi-scale", "xiaomi-181d", "a37233e607020e10293a",
            "weight 131.70 [lb_av] at 2022-02-14T16:41:58 #not-medical-device"),
        Vector(
            "ws-xiaomi-v2-001", "xiaomi-scale", "xiaomi-181b", "0226e607020e10293af7019a38",
            "weight 72.450 kg impedance 503 Ohm at 2022-02-14T16:41:58 #not-medical-device"),
        // Bluetooth-Devices/xiaomi-ble, test_parser.py: its clock was never set
        Vector(
            "ws-xiaomi-v2-003", "xiaomi-scale", "xiaomi-181b", "0226b20705040f0201ac018642",
            "weight 85.150 kg impedance 428 Ohm at 1970-05-04T15:02:01 #not-medical-device"),
    ]

    static let scales = [
        // Public file 13161210378 (TanitaDataModel.java): what an SC-330 sent
        Vector(
            "tanita-001", "tanita-scale", "tanita",
            "7b302c31362c7e302c312c7e312c312c7e322c312c4d4f2c2253432d333330222c534e2c223030303030303031222c49442c"
                + "2230303030303030303030222c44612c2232352f30392f32303134222c54492c2230383a3230222c42742c302c47452c312c"
                + "41472c33342c486d2c3139312e302c50742c302e302c576b2c38392e322c46572c31382e382c66572c31362e382c4d572c37"
                + "322e342c6d572c36382e382c73572c31332c62572c332e362c77572c34382e302c77772c35332e382c4d492c32342e352c53"
                + "772c38302e332c4f562c31312e312c49462c362c72622c383837342c72422c323132312c724a2c31332c72412c32392c5a46"
                + "2c3530312e382c43532c4439",
            "weight 89.2 kg height 191.0 cm fat 18.8 % fat-free-mass 72.4 kg muscle-mass 68.8 kg water 48.0 kg "
                + "bmi 24.5 kg/m2 basal-metabolism 8874 kJ impedance 501.8 Ohm at 2014-09-25T08:20:00"),
        // Public file 60049067646: the example of the maker's document
        Vector(
            "healthometer-001", "healthometer-scale", "health-o-meter",
            "1b521b49313233343536373839301b573138342e351b4838342e301b4232342e311b54302e301b4e6d1b45",
            "weight 184.5 kg height 84.0 cm bmi 24.1 kg/m2 now"),
    ]

    static let several = [
        // signove/antidote, tests/resources/apdu/H241_ID_0190 and H241_ID_02BC
        Vector(
            "ieee-antidote-001", "phd", "11073-10404",
            "e7000036003412380101002e0000ffffffff0d1d0024f00000000002001c0001000a00622007120612100000000a000a00482007120"
                + "612100000",
            "spo2 98 % pulse-oximeter-rate 72 /min at 2007-12-06T12:10:00"),
        Vector(
            "ieee-antidote-002", "phd", "11073-10407",
            "e700003e003c0054010100360000004900500d1d002cf000000000020024000100120003000600780050006420071206121000000002"
                + "000af2582007120612100000",
            "systolic 120 mm[Hg] diastolic 80 mm[Hg] mean 100 mm[Hg] pulse 60.0 /min at 2007-12-06T12:10:00"),
        // silverbullet-dk/opentele-client-android, AndWeightScaleConfirmedMeasurementDataPacketTest.java: the first of five
        Vector(
            "ieee-and-ws-001", "phd", "11073-10415",
            "e70000ba00b81000010100b20000ffffffff0d1e00a8f0000000000500a000010003001a0a560004fe0000f0099000082012060408"
                + "2639000996000206c300010003001a0a560004fe001c480990000820120604103115000996000206c300010003001a0a560004"
                + "fe0000dc0990000820120605163512000996000206c300010003001a0a560004fe0022b00990000820120605164335000996000"
                + "206c300010003001a0a560004fe0004ec0990000820120605164448000996000206c3",
            "weight 2.40 kg at 2012-06-04T08:26:39"),
        // Built by hand from Contec's protocol V7.0 (in albertcbraun/CMS50FW)
        Vector(
            "cms50-v7-live-001", "contec-cms50-v7", "contec-v7", "01e086bc98c8e1ffff",
            "spo2 97 % pulse-oximeter-rate 72 /min now"),
        // Built by hand from philips-labs/BLE-GHS-Server-Simulator
        Vector(
            "ghs-v1-001", "sig-ghs", "ghs-live", "011800030040e1020022a66a002c00000100c306d40200ff",
            "weight 72.4 kg at 2023-05-24T06:26:46"),
        Vector(
            "ghs-v1-001-stored", "sig-ghs", "ghs-stored", "07000000011800030040e1020022a66a002c00000100c306d40200ff",
            "weight 72.4 kg at 2023-05-24T06:26:46 sequence 7 #from-storage"),
        // philips-labs/BLE-GHS-Server-Simulator, ElapsedTimeServiceTest.kt (MIT)
        Vector("ets-001", "sig-ghs", "2BF2", "22a66a002c000007000101", "at 2023-05-24T06:26:46"),
        // Built by hand from weliem/LivecareBluetoothSDK, AD_SCALE_UC_352BLE.java
        Vector(
            "and-uc352ble-001", "and-uc352ble", "23434101-1FE4-1EFF-80CB-00FF78297D8B", "02d402e807030f072d0c",
            "weight 72.4 kg at 2024-03-15T07:45:12"),
    ]
}

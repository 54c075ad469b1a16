/// A model that people ask for, and why vitalsd does not know it. What is missing is said so that whoever has it can give it.
package struct NotYet: Sendable {
    package let model: String, why: String

    package static let all = [
        NotYet(
            model: "Devices of the Health Device Profile or USB's Personal Healthcare class",
            why: "what they say is understood (IEEE 11073-20601), but the hub has no way to hear it"),
        NotYet(
            model: "Nonin, serial format 7",
            why: "has no check value, and its numbers come one by one: nothing tells it from format 8 beyond doubt"),
        NotYet(
            model: "The memory of a Nonin WristOx2 3150",
            why: "one unproven source, and it can only be played back whole, which takes hours over the air"),
        NotYet(model: "Air Next, GoSpiro, ndd EasyOne Air", why: "nothing of their protocols is public"),
        NotYet(
            model: "MIR Smart One, Spirobank Smart",
            why: "only the commands are public; the answers are inside the maker's library"),
        NotYet(
            model: "Microlife PF 200 BT, nSpire PiKo, Safey, Spirohome, Cipla Spirofy", why: "nothing public was found"),
        NotYet(
            model: "Omron HEM-7142T2 and its kin",
            why: "what a record means is known (`decode` reads it), how its memory is opened has one unproven source"),
        NotYet(model: "SmartPeakFlow", why: "speaks in tones to a headset's socket, which a hub has not"),
        NotYet(model: "Marsden, seca scales", why: "nothing public was found"),
        NotYet(
            model: "Charder MS6110",
            why: "the places of the weight are known from one unproven source, its stamp not at all"),
        NotYet(model: "Wellue O2Ring-S", why: "asks for a code that belongs to its maker's program"),
        NotYet(model: "Yonker cuffs", why: "the only public test and the only public measurement disagree on the date"),
        NotYet(model: "Yuwell oximeters", why: "one unproven source, and no measurement of a device"),
    ]
}

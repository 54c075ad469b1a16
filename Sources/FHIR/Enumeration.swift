import Core

/// What a device said about a measurement with one code of a few: from where the sample came, which meal it belongs to. An
/// Observation of its own, whose value is the code (PhdCodedEnumerationObservation).
struct Enumeration: Equatable {
    let code: UInt32
    let reference: String
    /// What a person reads of the question.
    let words: String
    /// The answer, and what a person reads of it.
    let value: Coding
    let answer: String

    /// The answers of one question, as MDC terms and with the remarks that stand for them.
    private struct Question {
        let code: UInt32
        let reference: String
        let words: String
        let answers: [(remark: Remark, code: UInt32, reference: String, words: String)]
    }

    /// ISO/IEEE 11073-10417, in the order of the Glucose Service. MDC_CTXT_GLU_MEAL_BEDTIME is not among them: public
    /// nomenclatures disagree about its number, so bedtime goes along in words.
    private static let questions: [Question] = [
        Question(
            code: 8_417_844, reference: "MDC_CTXT_GLU_SAMPLELOCATION", words: "Where the sample was taken",
            answers: [
                (.fingerSample, 8_417_848, "MDC_CTXT_GLU_SAMPLELOCATION_FINGER", "A finger"),
                (.alternateSiteSample, 8_417_852, "MDC_CTXT_GLU_SAMPLELOCATION_AST", "Another place than a finger"),
                (.earlobeSample, 8_417_856, "MDC_CTXT_GLU_SAMPLELOCATION_EARLOBE", "An earlobe"),
            ]),
        Question(
            code: 8_417_864, reference: "MDC_CTXT_GLU_MEAL", words: "Meal context",
            answers: [
                (.beforeMeal, 8_417_868, "MDC_CTXT_GLU_MEAL_PREPRANDIAL", "Before a meal"),
                (.afterMeal, 8_417_872, "MDC_CTXT_GLU_MEAL_POSTPRANDIAL", "After a meal"),
                (.fasting, 8_417_876, "MDC_CTXT_GLU_MEAL_FASTING", "Fasting"),
                (.casual, 8_417_880, "MDC_CTXT_GLU_MEAL_CASUAL", "Between meals"),
            ]),
        Question(
            code: 8_417_884, reference: "MDC_CTXT_GLU_TESTER", words: "Who measured it",
            answers: [
                (.testedByPerson, 8_417_888, "MDC_CTXT_GLU_TESTER_SELF", "The person"),
                (.testedByProfessional, 8_417_892, "MDC_CTXT_GLU_TESTER_HCP", "A health care professional"),
                (.testedByLaboratory, 8_417_896, "MDC_CTXT_GLU_TESTER_LAB", "A laboratory"),
            ]),
        Question(
            code: 8_417_820, reference: "MDC_CTXT_GLU_HEALTH", words: "Health of the person",
            answers: [
                (.minorHealthIssues, 8_417_824, "MDC_CTXT_GLU_HEALTH_MINOR", "Minor health issues"),
                (.majorHealthIssues, 8_417_828, "MDC_CTXT_GLU_HEALTH_MAJOR", "Major health issues"),
                (.duringMenses, 8_417_832, "MDC_CTXT_GLU_HEALTH_MENSES", "During menses"),
                (.underStress, 8_417_836, "MDC_CTXT_GLU_HEALTH_STRESS", "Under stress"),
                (.noHealthIssues, 8_417_840, "MDC_CTXT_GLU_HEALTH_NONE", "No health issues"),
            ]),
    ]

    /// Of each question the answer that is there.
    static func all(in remarks: Remarks) -> [Enumeration] {
        if remarks.isEmpty { return [] }
        return questions.flatMap { question in
            question.answers.filter { remarks.contains($0.remark) }.map { answer in
                Enumeration(
                    code: question.code, reference: question.reference, words: question.words,
                    value: .mdc(answer.code, answer.reference), answer: answer.words)
            }
        }
    }
}

extension Quantity {
    /// The code of the quantity, of the kind that the device named where it did: the Metric-Id of ISO/IEEE 11073-10417.
    func coding(beside remarks: Remarks) -> Coding {
        if remarks.isEmpty { return coding }
        return kinds.first { remarks.contains($0.remark) }.map { .mdc($0.code, $0.reference) } ?? coding
    }

    private var kinds: [(remark: Remark, code: UInt32, reference: String)] {
        switch self {
        case .carbohydrate:
            [
                (.breakfast, 8_417_768, "MDC_CTXT_GLU_CARB_BREAKFAST"), (.lunch, 8_417_772, "MDC_CTXT_GLU_CARB_LUNCH"),
                (.dinner, 8_417_776, "MDC_CTXT_GLU_CARB_DINNER"), (.snack, 8_417_780, "MDC_CTXT_GLU_CARB_SNACK"),
                (.drink, 8_417_784, "MDC_CTXT_GLU_CARB_DRINK"), (.supper, 8_417_788, "MDC_CTXT_GLU_CARB_SUPPER"),
                (.brunch, 8_417_792, "MDC_CTXT_GLU_CARB_BRUNCH"),
            ]
        case .medication:
            [
                (.rapidActing, 8_417_800, "MDC_CTXT_MEDICATION_RAPIDACTING"),
                (.shortActing, 8_417_804, "MDC_CTXT_MEDICATION_SHORTACTING"),
                (.intermediateActing, 8_417_808, "MDC_CTXT_MEDICATION_INTERMEDIATEACTING"),
                (.longActing, 8_417_812, "MDC_CTXT_MEDICATION_LONGACTING"),
                (.premixed, 8_417_816, "MDC_CTXT_MEDICATION_PREMIX"),
            ]
        default: []
        }
    }
}

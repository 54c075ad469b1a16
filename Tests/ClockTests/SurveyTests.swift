import Core
import Testing
@testable import vitalsd_clocks

/// The product's own engine against simulated clocks of which the truth is known. `make clocks` does the same on more.
struct SurveyTests {
    static let survey: Survey = {
        var survey = Survey()
        for year in 0..<120 { survey.add(DeviceYear(seed: 77_000 + UInt64(year))) }
        return survey
    }()

    @Test func nothingIsDroppedAndTheBoundsHold() {
        let ours = Self.survey.ours
        #expect(ours.readings > 20_000 && ours.lost == 0)
        // Of so few device-years one traveller is a thousandth; ten thousand show the aim of 99.9 %.
        #expect(ours.share > 0.997)
        #expect(ours.bounded > ours.readings * 8 / 10)
    }

    @Test func clocksReadWeeklyAreDatedToTheSecond() throws {
        let weekly = Self.survey.weekly
        #expect(weekly.readings > 3000)
        #expect(try #require(weekly.errors.percentile(0.5)) < 500_000)
        #expect(try #require(weekly.errors.percentile(0.95)) < 2_000_000)
    }

    @Test func othersDoWorse() throws {
        let ours = try #require(Self.survey.ours.errors.percentile(0.5))
        for strategy in Strategy.allCases {
            let theirs = try #require(Self.survey.others[strategy])
            #expect(try #require(theirs.errors.percentile(0.5)) > ours, "\(strategy)")
        }
        #expect(try #require(Self.survey.others[.reject]).lost > 0)
    }
}

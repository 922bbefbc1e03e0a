// SPDX-License-Identifier: Apache-2.0
// How a rank fails or leaves, and how the others of its node learn of it.
internal import CMPI

/// What a record says about its rank.
enum RankState: UInt32 { case running = 0, failed = 1, departed = 2 }

extension NodePlane {
    /// True once any rank of the node has failed.
    var isAlarmed: Bool { cmpi_load(&control.pointee.alarm) != 0 }

    /// Marks this rank as failed, wakes all that wait, and returns the error all ranks of the node now have: the first one.
    func raise(_ error: CommunicatorError, event: String) -> CommunicatorError {
        guard cmpi_load(&control.pointee.alarm) == 0 else { return alarmError() }
        storeText(error.message, at: cmpi_record_failure(own), capacity: Int32(CMPI_FAILURE_BYTES))
        storeText(event, at: cmpi_record_failure_event(own), capacity: Int32(CMPI_EVENT_BYTES))
        own.pointee.failure_code = error.code.rawValue
        own.pointee.failure_rank = Int32(error.rank ?? -1)
        cmpi_store(&own.pointee.state, RankState.failed.rawValue)
        _ = cmpi_raise_alarm(&control.pointee.alarm, UInt32(rank + 1), records, CInt(size))
        return alarmError()
    }

    /// Marks this rank as having ended in good order.
    func depart() {
        cmpi_store(&own.pointee.state, RankState.departed.rawValue)
    }

    var haveAllDeparted: Bool {
        (0..<size).allSatisfy { cmpi_load(&records[$0].pointee.state) == RankState.departed.rawValue }
    }

    /// True for the one rank of the node that prints the failure.
    func claimFailureReport() -> Bool { cmpi_claim(&control.pointee.failure_report, 1) == 0 }

    /// The failure that raised the alarm, the same for every rank.
    func alarmError() -> CommunicatorError {
        let first = Int(cmpi_load(&control.pointee.alarm)) - 1
        let record = records[first]
        return CommunicatorError(
            CommunicatorError.Code(rawValue: record.pointee.failure_code),
            rank: record.pointee.failure_rank < 0 ? nil : Int(record.pointee.failure_rank),
            loadText(at: cmpi_record_failure(record), capacity: Int32(CMPI_FAILURE_BYTES)))
    }
}

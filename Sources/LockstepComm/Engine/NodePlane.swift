// SPDX-License-Identifier: Apache-2.0
// The memory through which the ranks of a node synchronise: records with flags, and a staging area per rank.
internal import CMPI

/// The memory of ranks that share it, seen from one of them.
///
/// A plane knows only its own ranks, by local number; it synchronises them, moves data through the staging areas and
/// knows who is late, dead or failed. Whether the memory belongs to one process or to several makes no difference.
///
/// A rank's segment: one page of control words (used in the first rank's segment only), one page with its record, then
/// two stages. Stages alternate: a rank writes stage k only after a synchronisation that the readers of stage k − 2 have
/// passed after reading, so one synchronisation per use is enough.
final class NodePlane {
    static let pageBytes = 4096
    static let stageBytes = 256 << 10
    static var segmentBytes: Int { 2 * pageBytes + 2 * stageBytes }

    let rank: Int
    let size: Int
    /// Local rank → rank in the communicator, for messages.
    let worldRanks: [Int]
    let timeouts: Timeouts
    /// Ranks of other nodes that may be the late ones, for messages.
    var missingRemoteRanks: () -> [Int] = { [] }
    /// Called every millisecond of a long wait: moves along what MPI has not finished. Nil where MPI has nothing to do.
    var progress: (() -> Void)?
    private let segment: SharedSegment
    let control: UnsafeMutablePointer<cmpi_control>
    /// A table C can walk.
    let records: UnsafeMutablePointer<UnsafeMutablePointer<cmpi_record>>
    /// Peers are processes of this machine that can be asked after.
    let peersAreProcesses: Bool
    private(set) var phase: UInt32 = 0
    /// Whether `waited` counts: two looks at the clock per synchronisation.
    var measuresWaiting = false
    /// What this rank has failed with, while it looks whether the others have failed alike, and for how many seconds it does.
    var failing: (error: CommunicatorError, event: String, patience: Double)?
    /// Nanoseconds this rank has waited for others.
    var waited: Int64 = 0

    /// - Parameter segment: zeroed segments of `segmentBytes`, one per local rank.
    init(segment: SharedSegment, worldRanks: [Int], peersAreProcesses: Bool, timeouts: Timeouts) {
        self.segment = segment
        self.rank = segment.localRank
        self.size = segment.peers.count
        self.worldRanks = worldRanks
        self.peersAreProcesses = peersAreProcesses
        self.timeouts = timeouts
        control = segment.peers[0].baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: cmpi_control.self)
        records = .allocate(capacity: size)
        for (index, peer) in segment.peers.enumerated() {
            let base = peer.baseAddress.unsafelyUnwrapped + NodePlane.pageBytes
            (records + index).initialize(to: base.assumingMemoryBound(to: cmpi_record.self))
        }
        let own = records[rank]
        own.pointee.pid = cmpi_own_pid()
        own.pointee.start_time = cmpi_process_start(own.pointee.pid)
        own.pointee.pid_namespace = cmpi_pid_namespace()
        own.pointee.failure_rank = -1
        cmpi_store64(&own.pointee.beat_ns, cmpi_now())
    }

    deinit { records.deallocate() }

    var own: UnsafeMutablePointer<cmpi_record> { records[rank] }
    func record(_ localRank: Int) -> UnsafeMutablePointer<cmpi_record> { records[localRank] }

    /// A staging area: `turn` even or odd.
    func stage(_ localRank: Int, turn: Int) -> UnsafeMutableRawPointer {
        segment.peers[localRank].baseAddress.unsafelyUnwrapped
            + (2 * NodePlane.pageBytes + (turn & 1) * NodePlane.stageBytes)
    }

    /// Publishes everything this rank has written and waits until all ranks have done as much.
    func synchronise() throws {
        guard measuresWaiting else { return try waitForAll() }
        let start = cmpi_now()
        defer { waited += cmpi_now() - start }
        try waitForAll()
    }

    private func waitForAll() throws {
        phase &+= 1
        var late = cmpi_synchronise(records, CInt(size), CInt(rank), phase, timeouts.spin, timeouts.yield)
        while late >= 0 {
            try waitAsleep(for: Int(late))
            // The flag is up already: only look whether anyone else is late.
            late = cmpi_synchronise(records, CInt(size), CInt(rank), phase, 0, timeouts.yield)
        }
    }

    /// "event, step n" as the last heartbeat said; empty if nothing was.
    var lastEvent: String {
        let event = loadText(at: cmpi_record_event(own), capacity: Int32(CMPI_EVENT_BYTES))
        return event.isEmpty ? "" : "\(event), step \(own.pointee.step)"
    }

    /// The step that a rank has noted last, or this one's where that is on another node; nil if none was noted.
    func lastStep(of worldRank: Int?) -> Int? {
        let local = worldRank.flatMap { worldRanks.firstIndex(of: $0) }
        for record in [local.map { records[$0] }, own].compactMap({ $0 })
        where !loadText(at: cmpi_record_event(record), capacity: Int32(CMPI_EVENT_BYTES)).isEmpty {
            return Int(cmpi_load64(&record.pointee.step))
        }
        return nil
    }

    /// Says what this rank does; peers read it when it is late.
    func note(step: Int, event: String) {
        let record = own
        cmpi_store64(&record.pointee.step, Int64(step))
        cmpi_store64(&record.pointee.beat_ns, cmpi_now())
        storeText(event, at: cmpi_record_event(record), capacity: Int32(CMPI_EVENT_BYTES))
    }
}

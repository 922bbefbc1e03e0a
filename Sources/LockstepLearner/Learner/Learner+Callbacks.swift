// SPDX-License-Identifier: Apache-2.0
// Adding, finding and removing callbacks, for good or for a scope.

extension Learner {
    /// Adds a callback at the end of the list. Each rank adds its own instance: do the same on all ranks.
    ///
    /// - Throws: ``LearnerError`` when its name is that of a member of the learner, when it is here already or belongs to
    ///   another learner, or when its relations contradict those of the others. Nothing has changed then.
    @discardableResult
    public func addCallback(_ callback: Callback) throws(LearnerError) -> Learner { try addCallbacks([callback]) }

    /// Adds callbacks in the order given: all of them or, when one does not fit, none. Each rank adds its own.
    @discardableResult
    public func addCallbacks(_ new: [Callback]) throws(LearnerError) -> Learner {
        var seen: Set<ObjectIdentifier> = []
        for callback in new {
            if Learner.memberNames.contains(callback.name) {
                throw LearnerError(
                    .nameCollision,
                    "\(callback.typeName): the name “\(callback.name)” is taken by a member of Learner; rename the callback"
                )
            }
            if callback.learner != nil || !seen.insert(ObjectIdentifier(callback)).inserted {
                let isElsewhere = callback.learner.map { $0 !== self } ?? false
                let where_ = isElsewhere ? "belongs to another learner" : "was added to this learner already"
                throw LearnerError(.duplicate, "\(callback.typeName): this instance \(where_)")
            }
        }
        _ = try Learner.order(of: callbacks + new)
        for callback in new { insert(callback, at: callbacks.count) }
        return self
    }

    /// Adds a callback made of a closure for one event, and returns it, to be removed some time. On several ranks the
    /// closure runs on each rank that has added it.
    @discardableResult
    public func on(
        _ event: Event, order: Int = 0, _ body: @escaping (_ learner: Learner) throws -> Void
    ) throws(LearnerError) -> Callback {
        let callback = ClosureCallback([event: body], order: order)
        try addCallback(callback)
        return callback
    }

    /// Removes an instance; harmless when it is not here. On this rank only.
    public func removeCallback(_ callback: Callback) {
        guard let index = callbacks.firstIndex(where: { $0 === callback }) else { return }
        if isFitting || isInferring { callback.teardown(self) }
        callbacks.remove(at: index)
        callback.learner = nil
        dispatchLists = nil
        callback.removed(from: self)
    }

    /// Removes instances. On this rank only.
    public func removeCallbacks(_ some: some Sequence<Callback>) {
        for callback in Array(some) { removeCallback(callback) }
    }

    /// Removes every instance of a type and its subclasses. On this rank only.
    public func removeCallbacks(ofType type: Callback.Type) { removeCallbacks(ofTypes: [type]) }

    /// Removes every instance of some types and their subclasses. On this rank only.
    public func removeCallbacks(ofTypes types: [Callback.Type]) { removeCallbacks(instances(of: types)) }

    /// This rank's instance of a type that was added last.
    public func callback<Kind: Callback>(ofType type: Kind.Type = Kind.self) -> Kind? {
        callbacks.last { $0 is Kind } as? Kind
    }

    /// This rank's callback of that ``Callback/name`` that was added last.
    public func callback(named name: String) -> Callback? { callbacks.last { $0.name == name } }

    /// The recorder, if there is one.
    public var recorder: Recorder? { callback() }
    /// The callback that keeps counters and modes, if there is one.
    public var trainEval: TrainEvalCallback? { callback() }

    // MARK: Places

    /// Puts a callback that belongs to nobody where it is said.
    func insert(_ callback: Callback, at index: Int) {
        callbacks.insert(callback, at: index)
        callback.learner = self
        dispatchLists = nil
        callback.added(to: self)
    }

    /// The snake-cased names of the learner's own members, fastai's spellings included: no callback may be called so.
    static let memberNames = Set(
        """
        dls model loss_function loss_func optimizer_factory opt_func optimizer opt lr wd moms splitter wd_bn_bias
        train_bn metrics path model_directory model_dir seed callbacks cbs logger coordinator dl xb yb x y pred preds
        loss loss_grad step_loss step_strategy batch_weight batch_item_count n_epoch epoch epochs_seen n_iter iter training
        train_iter pct_train smooth_loss final_record non_finite_loss is_fitting is_inferring inference_epoch works_alone has_lent_weights
        is_surrounded with_weights fit_arguments
        shows_progress create_mbar lock passes batch_first_item first_batch place running_order training_loop_description
        fit fit_one_cycle one_batch all_batches create_optimizer create_opt validate predictions get_preds predict
        show_results save load export tta summary gather_arguments gather_args lr_find fine_tune fit_flat_cos fit_sgdr
        freeze freeze_to unfreeze dispatch on warn add_callback add_callbacks add_cb add_cbs remove_callback
        remove_callbacks remove_cb remove_cbs with_added_callbacks added_cbs with_removed_callbacks removed_cbs
        ordered_callbacks ordered_cbs invalidate_order show_training_loop without_logging no_logging without_progress
        no_bar no_mbar with_unreduced_loss loss_not_reduced loss_parts even_out_loss bundle_check
        mistakes
        """.split(whereSeparator: \.isWhitespace).map(String.init))
}

// SPDX-License-Identifier: Apache-2.0
// What the known names make of their arguments: dictionaries, sizes, storages, tensors.

import LockstepTensor

extension PickleMachine {
    /// The value on top is a name's arguments, the one below the name.
    mutating func reduce() throws(DataError) {
        let pair = try pop(2)
        guard case .name(let name) = pair[0] else { throw refusal("calling \(pair[0].kind)") }
        guard let arguments = tuple(pair[1]) else { throw refusal("calling \(name.rawValue) with \(pair[1].kind)") }
        func bad() -> DataError { error(.malformed, "\(name.rawValue) with arguments that it does not have") }
        switch name {
        case .orderedDictionary: push(.dictionary(try orderedDictionary(arguments)))
        case .size:
            guard arguments.count == 1, sizes(arguments[0]) != nil else { throw bad() }
            push(arguments[0])
        case .tensor:
            guard arguments.count == 4 else { throw bad() }
            try makeTensor(arguments)
        case .tensor2:
            // Storage, offset, size, strides, whether it has a gradient, hooks; what is beyond them changes the values.
            guard arguments.count == 6 || arguments.count == 7, case .bool = arguments[4] else { throw bad() }
            guard isNothing(arguments[5]) else { throw refusal("a tensor with hooks") }
            guard arguments.count == 6 || isNothing(arguments[6]) else { throw refusal("a tensor with a view's sign") }
            try makeTensor(arguments)
        case .parameter, .parameterWithState:
            guard arguments.count == (name == .parameter ? 3 : 4), case .tensor = arguments[0],
                case .bool = arguments[1]
            else { throw bad() }
            guard isNothing(arguments[2]) else { throw refusal("a parameter with hooks") }
            push(arguments[0])
        default: throw refusal("calling \(name.rawValue)")
        }
    }

    /// Attributes of a dictionary, such as the versions of the layers that PyTorch notes: taken note of by nobody.
    mutating func build() throws(DataError) {
        let state = try pop(1)
        guard case .dictionary = try top(), case .dictionary = state[0] else {
            throw refusal("setting the state of \(try top().kind)")
        }
    }

    /// A storage: `('storage', type, record, device, elements)`, and in the older format what it is a part of.
    mutating func persistent() throws(DataError) {
        let value = try pop(1)
        guard let parts = tuple(value[0]), parts.count == 5 || parts.count == 6, case .text(let tag) = parts[0],
            tag.count == 7, string(tag) == "storage"
        else { throw refusal("a reference to something other than a storage") }
        guard case .name(let name) = parts[1], let type = name.elementType else {
            throw refusal("a storage of \(parts[1].kind)")
        }
        guard case .text(let record) = parts[2], record.count <= 256, case .text = parts[3],
            case .integer(let count) = parts[4], count >= 0
        else { throw error(.malformed, "a storage whose description is none") }
        if parts.count == 6 {
            guard case .none = parts[5] else { throw refusal("a storage that is a part of another") }
        }
        let key = string(record)
        if let known = storageNumbers[key] {
            guard storages[known].type == type, storages[known].count == count else {
                throw error(.malformed, "the storage “\(key)” is described twice, and not alike")
            }
            push(.storage(known))
            return
        }
        storageNumbers[key] = storages.count
        push(.storage(storages.count))
        storages.append(PickleStorage(type: type, key: key, count: count, place: base + position))
    }

    private mutating func makeTensor(_ arguments: [PickleValue]) throws(DataError) {
        guard case .storage(let number) = arguments[0], case .integer(let offset) = arguments[1],
            let shape = sizes(arguments[2]), let strides = sizes(arguments[3]), shape.count == strides.count
        else { throw error(.malformed, "a tensor whose description is none") }
        guard shape.count <= Shape.maxRank else {
            throw error(.unsupported, "a tensor of \(shape.count) axes, at most \(Shape.maxRank) are read here")
        }
        let storage = storages[number]
        func text(_ numbers: [Int]) -> String { "[\(numbers.map(String.init).joined(separator: ", "))]" }
        guard let count = NumericArray.product(shape) else {
            throw error(.tooLarge, "a tensor of \(text(shape)), more elements than a computer can count")
        }
        guard offset >= 0, offset <= storage.count, count <= storage.count else {
            throw error(
                .malformed,
                "a tensor of \(text(shape)) from element \(offset) of a storage that has \(storage.count)",
                remedy: "A tensor that repeats elements is written in full by tensor.contiguous()")
        }
        var reach = offset
        for (size, step) in zip(shape, strides) where count > 0 {
            let (distance, overflow) = (size - 1).multipliedReportingOverflow(by: step)
            let (sum, overflow2) = reach.addingReportingOverflow(distance)
            guard !overflow, !overflow2, sum < storage.count else {
                throw error(
                    .malformed,
                    "a tensor of \(text(shape)) with strides \(text(strides)) from element \(offset) leaves its storage of \(storage.count)"
                )
            }
            reach = sum
        }
        guard count == 0 || reach < storage.count else {
            throw error(.malformed, "a tensor that begins behind the last of its storage's \(storage.count) elements")
        }
        push(.tensor(tensors.count))
        tensors.append(PickleTensor(storage: number, offset: offset, shape: shape, strides: strides))
    }

    /// A new dictionary: empty, or of pairs as Python 2 wrote them.
    private mutating func orderedDictionary(_ arguments: [PickleValue]) throws(DataError) -> Int {
        var items: [(key: PickleValue, value: PickleValue)] = []
        func bad() -> DataError { error(.malformed, "collections.OrderedDict with arguments that it does not have") }
        guard arguments.count <= 1 else { throw bad() }
        if let first = arguments.first {
            // One list makes one dictionary: named again and again, it would make as many.
            guard case .sequence(let number) = first, !sequences[number].isTaken else { throw bad() }
            sequences[number].isTaken = true
            for item in sequences[number].items {
                guard case .sequence(let pair) = item, sequences[pair].items.count == 2 else { throw bad() }
                let (key, value) = (sequences[pair].items[0], sequences[pair].items[1])
                guard case .text = key else { throw bad() }
                items.append((key, value))
            }
        }
        dictionaries.append(items)
        return dictionaries.count - 1
    }

    private func tuple(_ value: PickleValue) -> [PickleValue]? {
        guard case .sequence(let number) = value, sequences[number].isTuple else { return nil }
        return sequences[number].items
    }

    /// None, or a dictionary with nothing in it.
    private func isNothing(_ value: PickleValue) -> Bool {
        switch value {
        case .none: true
        case .dictionary(let number): dictionaries[number].isEmpty
        default: false
        }
    }

    /// Numbers from 0 on; nil for anything else.
    private func sizes(_ value: PickleValue) -> [Int]? {
        guard case .sequence(let number) = value else { return nil }
        var result: [Int] = []
        // More axes than a tensor can have are counted, and no more is made of them.
        for item in sequences[number].items.prefix(Shape.maxRank + 1) {
            guard case .integer(let size) = item, size >= 0 else { return nil }
            result.append(size)
        }
        return result
    }
}

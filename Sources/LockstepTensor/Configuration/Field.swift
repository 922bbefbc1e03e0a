// SPDX-License-Identifier: Apache-2.0
// One of the things that a value is made of: how it is read, where it may lie, what it is called.

/// One of the things that a value is made of: an argument of its initialiser.
public struct Field<Root>: Sendable {
    /// Its name in files; nil when they do not hold it.
    let name: String?
    let read: @Sendable (Root) throws -> any Encodable
    /// Throws for what lies outside of the field's range.
    let check: (@Sendable (ExportFields) throws -> Void)?
    /// The value in files that were written before there was the field.
    let absent: (any Sendable)?
    /// Whether files leave it out, as those did that were written before there was the field: a value as it was then.
    let isLeftOut: @Sendable (Root) -> Bool
    /// Its name in logs, Python's; nil when they do not tell it.
    let argument: String?
    let tell: @Sendable (Root) -> ConfigValue?

    /// A number, a word, a choice, an array, …
    ///
    /// - Parameters:
    ///   - name: Its name in files.
    ///   - read: Its value: a key path, or a function that throws for what cannot be stored.
    ///   - requirement: What is taken from files; everything of its type by default.
    ///   - absent: What files say that were written before there was the field, and those of such a value still say; nil:
    ///     they hold it.
    ///   - python: Its name in logs; the snake-cased name when nil.
    public init<Value: Codable & Sendable>(
        _ name: String, _ read: @escaping @Sendable (Root) throws -> Value,
        _ requirement: Requirement<Value> = .anything,
        absent: Value? = nil, python: String? = nil
    ) {
        self.init(
            stored: name, read, requirement, absent: absent, as: python ?? snakeCase(name),
            { value in
                guard let told = try? read(value) else { return nil }
                return ConfigValue(of: told)
            })
    }

    /// As above, of what logs tell in another form, if at all.
    public init<Value: Codable & Sendable>(
        stored name: String, _ read: @escaping @Sendable (Root) throws -> Value,
        _ requirement: Requirement<Value> = .anything, absent: Value? = nil
    ) {
        self.init(stored: name, read, requirement, absent: absent, as: nil, { _ in nil })
    }

    private init<Value: Codable & Sendable>(
        stored name: String, _ read: @escaping @Sendable (Root) throws -> Value, _ requirement: Requirement<Value>,
        absent: Value?, as argument: String?, _ tell: @escaping @Sendable (Root) -> ConfigValue?
    ) {
        self.name = name
        self.read = { try read($0) }
        if requirement.holds != nil {
            check = { fields in try requirement.checked(name, in: fields) }
        } else {
            check = nil
        }
        (self.absent, self.argument, self.tell) = (absent, argument, tell)
        isLeftOut = { root in
            guard let absent, let value = try? read(root) else { return false }
            return isEqual(absent, value)
        }
    }

    /// An argument that logs tell and files do not hold, or in another form.
    public init(told argument: String, _ tell: @escaping @Sendable (Root) -> ConfigValue?) {
        self.init(nil, { _ in String?.none }, argument, tell)
    }

    /// Class weights, or statistics; read back with ``ExportFields/tensor(_:)``.
    public init(tensor name: String, python: String? = nil, _ read: @escaping @Sendable (Root) -> Tensor?) {
        self.init(
            name, { read($0).map(ExportTensor.init) }, python ?? snakeCase(name),
            { read($0).map { .string("\($0.doubles)") } })
    }

    /// A part: a layer, loss, metric, callback or transform; read back with ``ExportFields/part(_:as:)``.
    public init(part name: String, _ read: @escaping @Sendable (Root) -> Any) {
        self.init(
            name, { ExportPart(read($0)) }, snakeCase(name), { .string("\(type(of: read($0)))") })
    }

    /// Parts, or nil; read back with ``ExportFields/parts(_:as:)``.
    public init(parts name: String, _ read: @escaping @Sendable (Root) -> [Any]?) {
        self.init(
            name, { read($0)?.map(ExportPart.init) }, snakeCase(name),
            { value in read(value).map { .string("\($0.map { type(of: $0) })") } })
    }

    private init(
        _ name: String?, _ read: @escaping @Sendable (Root) throws -> any Encodable, _ argument: String?,
        _ tell: @escaping @Sendable (Root) -> ConfigValue?
    ) {
        (self.name, self.read, check, absent) = (name, read, nil, nil)
        (self.argument, self.tell, isLeftOut) = (argument, tell, { _ in false })
    }
}

/// The fields of one type, a line each.
@resultBuilder public enum FieldBuilder<Root> {
    /// A field on a line of its own.
    public static func buildExpression(_ field: Field<Root>) -> [Field<Root>] { [field] }
    /// The fields of a base.
    public static func buildExpression(_ fields: [Field<Root>]) -> [Field<Root>] { fields }
    /// The fields of all lines.
    public static func buildBlock(_ fields: [Field<Root>]...) -> [Field<Root>] { fields.flatMap(\.self) }
}

private func isEqual(_ a: Any, _ b: Any) -> Bool {
    func equals<Value: Equatable>(_ a: Value) -> Bool { (b as? Value) == a }
    return (a as? any Equatable).map { equals($0) } ?? false
}

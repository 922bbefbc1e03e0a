// SPDX-License-Identifier: Apache-2.0
// What names of other libraries are that have another here: the compiler says which.

/// A name that fastai, PyTorch or MLX have for something that is called otherwise here: using one does not compile, and the
/// compiler says the name to use.
///
/// It can be called with any arguments, so that there is no other error to hide that one.
@dynamicCallable
public struct ForeignName<Result> {
    package init() {}

    /// Never called.
    public func dynamicallyCall(withKeywordArguments arguments: KeyValuePairs<String, Any>) -> Result { unavailable() }
}

/// The body of what cannot be called.
package func unavailable() -> Never { stop("a name that is not available", file: #fileID, line: #line) }

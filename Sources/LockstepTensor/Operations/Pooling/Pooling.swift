// SPDX-License-Identifier: Apache-2.0
// Pooling of images: the largest or the mean value of each window.

import CLockstepKernels

extension Tensor {
    /// The largest value of each window. Gradient: to the place of the maximum, the first of equal ones.
    ///
    /// - Parameters:
    ///   - stride: Distance between windows; the kernel's size by default.
    ///   - padding: At most half the kernel; padded places never win.
    ///   - ceilMode: Keeps the incomplete windows at the end.
    /// - Returns: [N, C, H′, W′] with `H′ = (H + 2·padding − kernel) / stride + 1`, rounded down or up.
    /// - Precondition: self is [N, C, H, W] of floating type.
    public func maxPool2d(
        kernelSize: Pair, stride: Pair? = nil, padding: Pair = 0, ceilMode: Bool = false, file: StaticString = #fileID,
        line: UInt = #line
    ) -> Tensor {
        let x = poolingOperand("maxPool2d", rank: 4, file, line)
        return maximumPooled(
            "maxPool2d", x,
            PoolingWindows(
                "maxPool2d", shape, kernel: kernelSize, stride: stride ?? kernelSize, padding: padding,
                ceilMode: ceilMode,
                countIncludePad: false, shown: shape, file: file, line: line))
    }

    /// The mean of each window. Gradient: spread evenly.
    ///
    /// - Parameter countIncludePad: Whether padded zeros count in the mean.
    /// - Returns: [N, C, H′, W′], sized as by ``maxPool2d(kernelSize:stride:padding:ceilMode:file:line:)``.
    /// - Precondition: self is [N, C, H, W] of floating type.
    public func avgPool2d(
        kernelSize: Pair, stride: Pair? = nil, padding: Pair = 0, ceilMode: Bool = false, countIncludePad: Bool = true,
        file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let x = poolingOperand("avgPool2d", rank: 4, file, line)
        return averagePooled(
            "avgPool2d", x,
            PoolingWindows(
                "avgPool2d", shape, kernel: kernelSize, stride: stride ?? kernelSize, padding: padding,
                ceilMode: ceilMode,
                countIncludePad: countIncludePad, shown: shape, file: file, line: line))
    }

    /// Means over windows that divide the image into `outputSize` parts; output i covers `⌊i·H/H′⌋ ..< ⌈(i+1)·H/H′⌉`.
    /// - Precondition: self is [N, C, H, W] of floating type.
    public func adaptiveAvgPool2d(_ outputSize: Pair, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let x = poolingOperand("adaptiveAvgPool2d", rank: 4, file, line)
        return averagePooled(
            "adaptiveAvgPool2d", x,
            PoolingWindows("adaptiveAvgPool2d", shape, outputs: outputSize, shown: shape, file: file, line: line))
    }

    /// Largest values over windows that divide the image into `outputSize` parts.
    /// - Precondition: self is [N, C, H, W] of floating type.
    public func adaptiveMaxPool2d(_ outputSize: Pair, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let x = poolingOperand("adaptiveMaxPool2d", rank: 4, file, line)
        return maximumPooled(
            "adaptiveMaxPool2d", x,
            PoolingWindows("adaptiveMaxPool2d", shape, outputs: outputSize, shown: shape, file: file, line: line))
    }

    /// Checks rank and type; bfloat16 is pooled as float32.
    func poolingOperand(_ op: StaticString, rank expected: Int, _ file: StaticString, _ line: UInt) -> Tensor {
        require(
            rank == expected,
            "\(op): needs an input \(expected == 4 ? "[N, C, H, W]" : "[N, C, L]"), not \(shape)", file: file,
            line: line)
        require(dtype.isFloatingPoint, "\(op): needs a floating-point input, not \(dtype)", file: file, line: line)
        return to(Tensor.arithmeticType(dtype, dtype))
    }

    private func maximumPooled(_ op: StaticString, _ x: Tensor, _ windows: PoolingWindows) -> Tensor {
        guard x.requiresGradient && isRecordingGradients else { return windows.maximum(x.channelsLast(), places: nil) }
        let places = Tensor.uninitializedChannelsLast(windows.outShape, dtype: .int32)
        return windows.maximum(x.channelsLast(), places: places).recording(op, from: x) { dy in
            windows.maximumGradient(dy.channelsLast(), places: places)
        }
    }

    private func averagePooled(_ op: StaticString, _ x: Tensor, _ windows: PoolingWindows) -> Tensor {
        windows.average(x.channelsLast()).recording(op, from: x) { dy in windows.averageGradient(dy.channelsLast()) }
    }
}

// MARK: - Sequences

extension Tensor {
    /// The largest value of each window of self [N, C, L].
    public func maxPool1d(
        kernelSize: Int, stride: Int? = nil, padding: Int = 0, ceilMode: Bool = false, file: StaticString = #fileID,
        line: UInt = #line
    ) -> Tensor {
        let x = poolingOperand("maxPool1d", rank: 3, file, line)
        return x.throughImage("maxPool1d") {
            $0.maximumPooled(
                "maxPool1d", $0,
                PoolingWindows(
                    "maxPool1d", $0.shape, kernel: Pair(1, kernelSize), stride: Pair(1, stride ?? kernelSize),
                    padding: Pair(0, padding), ceilMode: ceilMode, countIncludePad: false, shown: shape, file: file,
                    line: line))
        }
    }

    /// The mean of each window of self [N, C, L].
    public func avgPool1d(
        kernelSize: Int, stride: Int? = nil, padding: Int = 0, ceilMode: Bool = false, countIncludePad: Bool = true,
        file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let x = poolingOperand("avgPool1d", rank: 3, file, line)
        return x.throughImage("avgPool1d") {
            $0.averagePooled(
                "avgPool1d", $0,
                PoolingWindows(
                    "avgPool1d", $0.shape, kernel: Pair(1, kernelSize), stride: Pair(1, stride ?? kernelSize),
                    padding: Pair(0, padding), ceilMode: ceilMode, countIncludePad: countIncludePad, shown: shape,
                    file: file, line: line))
        }
    }

    /// Means over `outputSize` parts of self [N, C, L].
    public func adaptiveAvgPool1d(_ outputSize: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let x = poolingOperand("adaptiveAvgPool1d", rank: 3, file, line)
        return x.throughImage("adaptiveAvgPool1d") {
            $0.averagePooled(
                "adaptiveAvgPool1d", $0,
                PoolingWindows(
                    "adaptiveAvgPool1d", $0.shape, outputs: Pair(1, outputSize), shown: shape, file: file, line: line))
        }
    }

    /// Largest values over `outputSize` parts of self [N, C, L].
    public func adaptiveMaxPool1d(_ outputSize: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let x = poolingOperand("adaptiveMaxPool1d", rank: 3, file, line)
        return x.throughImage("adaptiveMaxPool1d") {
            $0.maximumPooled(
                "adaptiveMaxPool1d", $0,
                PoolingWindows(
                    "adaptiveMaxPool1d", $0.shape, outputs: Pair(1, outputSize), shown: shape, file: file, line: line))
        }
    }

    /// Runs `body` on this sequence as an image of height 1, and gives back a sequence; both steps are views.
    private func throughImage(_ op: StaticString, _ body: (Tensor) -> Tensor) -> Tensor {
        let image = channelsLast().asImage.recording(op, from: self) { dy in dy.channelsLast().asSequence }
        let y = body(image)
        return y.detached.asSequence.recording(op, from: y) { dy in dy.channelsLast().asImage }
    }
}

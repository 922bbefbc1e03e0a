// SPDX-License-Identifier: Apache-2.0
// How tensors print.
import LockstepTensor
import Testing

@Suite("Description") struct DescriptionTests {
    @Test("aligns columns and shows four decimals")
    func floats() {
        #expect("\(Tensor([[1, -2.5], [10, 0]]))" == "[[ 1.0000, -2.5000],\n [10.0000,  0.0000]]")
        #expect("\(Tensor([1, 2, 3]))" == "[1., 2., 3.]")
        #expect("\(Tensor(2.5))" == "2.5000")
        #expect("\(Tensor([0.00001234, 1]))" == "[1.2340e-05, 1.0000e+00]")
        #expect("\(Tensor([1e9, 0.5]))" == "[1.0000e+09, 5.0000e-01]")
        #expect("\(Tensor([.nan, .infinity, -.infinity, 1.5] as [Float]))" == "[   nan,    inf,   -inf, 1.5000]")
        #expect("\(Tensor([-0.00004, 1.5] as [Double]))" == "[-4.0000e-05,  1.5000e+00]")
    }

    @Test("prints integers and booleans as they are")
    func others() {
        #expect("\(Tensor([1, -20, 300] as [Int]))" == "[  1, -20, 300]")
        #expect("\(Tensor([Int.max]))" == "[9223372036854775807]")
        #expect("\(Tensor([true, false]))" == "[ true, false]")
        #expect("\(Tensor.zeros([0]))" == "[]")
        #expect("\(Tensor.zeros([2, 0]))" == "[] (shape [2, 0])")
    }

    @Test("separates matrices by a blank line and follows views")
    func deeper() {
        let x = Tensor.arange(8).reshaped([2, 2, 2])
        #expect("\(x)" == "[[[0, 1],\n  [2, 3]],\n\n [[4, 5],\n  [6, 7]]]")
        #expect("\(Tensor([[1, 2], [3, 4]]).transposed())" == "[[1., 3.],\n [2., 4.]]")
    }

    @Test("shows the ends of axes beyond 1000 elements")
    func long() {
        #expect("\(Tensor.arange(1001))" == "[   0,    1,    2, …,  998,  999, 1000]")
        let lines = "\(Tensor.zeros([100, 20]))".split(separator: "\n")
        #expect(lines.count == 7 && lines[3] == " …," && lines[0] == "[[0., 0., 0., …, 0., 0., 0.],")
    }

    @Test("debugDescription adds type, shape, strides and the graph")
    func debug() {
        let x = Tensor([[1, 2]])
        #expect(x.debugDescription == "[[1., 2.]] (float32, shape [1, 2], strides [2, 1])")
        #expect((x.requiringGradient() * 2).debugDescription.hasSuffix(", recorded by *)"))
        #expect(x.requiringGradient().debugDescription.hasSuffix(", leaf)"))
    }
}

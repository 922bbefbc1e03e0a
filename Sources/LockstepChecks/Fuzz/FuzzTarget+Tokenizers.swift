// SPDX-License-Identifier: Apache-2.0
// Tokenizers' files, and texts that they cut.

import LockstepData
import LockstepModels

extension FuzzTarget {
    static let tokenizers: [FuzzTarget] = [
        FuzzTarget("tokenizer", factor: 4096, seeds: { described.map { Array($0.utf8) } }) { bytes in
            var tokenizer = try PretrainedTokenizer(json: bytes, file: "tokenizer.json")
            // A file may fill texts up to a million tokens.
            tokenizer.padding = nil
            for text in texts {
                let found = try tokenizer.encode(text, pair: "b a")
                _ = try tokenizer.encode(text, addsSpecialTokens: false)
                // Of the text, or of its pair.
                for range in found.offsets where range.upperBound > max(text.utf8.count, 3) {
                    fatalError("beyond the text")
                }
                _ = tokenizer.decode(found.ids)
            }
        },
        // Two lists, between which stands a 0: vocabulary and pairs.
        FuzzTarget("vocabulary", factor: 4096, seeds: { lists.map { Array($0.utf8) } }) { bytes in
            let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false).map { Array($0) }
            let tokenizer =
                parts.count == 1
                ? try PretrainedTokenizer.bert(vocabulary: parts[0])
                : try PretrainedTokenizer.gpt2(vocabulary: parts[0], merges: parts[1])
            for text in texts { _ = tokenizer.decode(try tokenizer.encode(text).ids) }
        },
        // Any text, through the tokenizers of the seeds: no token lies beyond it.
        FuzzTarget("tokenized", factor: 4096, seeds: { texts.map { Array($0.utf8) } }) { bytes in
            guard let text = String(validating: bytes, as: UTF8.self) else { return }
            for json in described {
                let tokenizer = try PretrainedTokenizer(json: Array(json.utf8), file: "tokenizer.json")
                let found = try tokenizer.encode(text)
                for range in found.offsets where range.upperBound > bytes.count { fatalError("beyond the text") }
                _ = tokenizer.decode(found.ids)
            }
        },
        FuzzTarget("model-configuration", seeds: { configurations.map { Array($0.utf8) } }) { bytes in
            let read = [try? BertConfiguration(json: bytes), try? DistilBert.configuration(json: bytes)]
            if read.allSatisfy({ $0 == nil }) { _ = try GPT2Configuration(json: bytes) }
        },
    ]

    private static let texts = [
        "", "a b ab, b!", " caf\u{e9} cafe\u{301} \u{130}\u{4f60}\u{597d} [MASK]\u{0}<s> don't 12\n\n x",
        "ab\u{1F469}\u{200D}\u{AC01}",
    ]

    private static let bert = #"""
        {"version":"1.0","truncation":{"direction":"Right","max_length":6,"strategy":"LongestFirst","stride":1},
        "padding":{"strategy":{"Fixed":8},"direction":"Left","pad_to_multiple_of":4,"pad_id":0,"pad_type_id":0,"pad_token":"[PAD]"},
        "added_tokens":[{"id":4,"content":"[MASK]","single_word":true,"lstrip":true,"rstrip":true,"normalized":false,"special":true}],
        "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},
        "pre_tokenizer":{"type":"BertPreTokenizer"},
        "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
        "pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],
        "special_tokens":{"[CLS]":{"id":"[CLS]","ids":[1],"tokens":["[CLS]"]}}},
        "decoder":{"type":"WordPiece","prefix":"##","cleanup":true},
        "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":10,
        "vocab":{"[PAD]":0,"[CLS]":1,"[UNK]":2,"a":3,"[MASK]":4,"##b":5,"b":6,"cafe":7}}}
        """#

    private static let described = [
        bert,
        #"""
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
        "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},
        "post_processor":{"type":"RobertaProcessing","sep":["b",1],"cls":["a",0],"trim_offsets":true,"add_prefix_space":true},
        "decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},
        "model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,"end_of_word_suffix":null,
        "fuse_unk":false,"byte_fallback":false,"ignore_merges":true,"vocab":{"a":0,"b":1,"ab":2,"Ġ":3,"Ġab":4},
        "merges":["a b",["Ġ","ab"]]}}
        """#,
        #"""
        {"added_tokens":[{"id":9,"content":"Ab","normalized":true}],"normalizer":{"type":"Sequence","normalizers":[{"type":"Strip"},
        {"type":"NFD"},{"type":"StripAccents"},{"type":"Lowercase"},{"type":"Replace","pattern":{"String":"x"},"content":"ab"},
        {"type":"Prepend","prepend":"b"}]},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Whitespace"},
        {"type":"Punctuation","behavior":"MergedWithNext"},{"type":"Digits","individual_digits":true},
        {"type":"CharDelimiterSplit","delimiter":"q"},{"type":"Split","pattern":{"String":"a"},"behavior":"Contiguous","invert":true},
        {"type":"WhitespaceSplit"}]},"post_processor":{"type":"Sequence","processors":[{"type":"ByteLevel"},
        {"type":"BertProcessing","sep":["b",1],"cls":["a",0]}]},
        "decoder":{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"BPEDecoder","suffix":"</w>"},{"type":"Fuse"},
        {"type":"Strip","content":" ","start":1,"stop":1},{"type":"Replace","pattern":{"String":"a"},"content":"c"}]},
        "model":{"type":"BPE","unk_token":"u","end_of_word_suffix":"</w>","fuse_unk":true,"byte_fallback":true,
        "vocab":{"a":0,"b":1,"ab":2,"u":3,"b</w>":4,"ab</w>":5,"<0x0A>":6},"merges":["a b","a b</w>"]}}
        """#,
        #"{"pre_tokenizer":{"type":"WhitespaceSplit"},"model":{"type":"WordLevel","unk_token":"u","vocab":{"a":0,"u":1}}}"#,
    ]

    private static let lists = [
        "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\nb\n!\n",
        "{\"a\":0,\"b\":1,\"ab\":2,\"<|endoftext|>\":3}\0#version: 0.2\na b\n",
    ]

    private static let configurations = [
        #"{"model_type":"gpt2","n_embd":8,"n_head":2,"n_layer":1,"vocab_size":9,"n_positions":4,"resid_pdrop":0.0,"embd_pdrop":0}"#,
        #"{"model_type":"bert","hidden_size":8,"num_attention_heads":2,"vocab_size":9,"pad_token_id":0,"hidden_act":"gelu"}"#,
        #"{"model_type":"distilbert","dim":8,"n_heads":2,"hidden_dim":9,"activation":"relu"}"#,
    ]
}

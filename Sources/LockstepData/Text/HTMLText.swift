// SPDX-License-Identifier: Apache-2.0
// What pages leave behind in texts: characters written as `&amp;`, line breaks as `<br />`.

/// Texts that were taken from web pages, as fastai's `fix_html` mends them.
///
/// ```swift
/// HTMLText.mended("Fish &amp; chips<br />&#163;5...")    // Fish & chips⏎£5 …
/// ```
public enum HTMLText {
    /// `text` with characters for what HTML writes in words: names of HTML 4 and numbers between `&` and `;`, also where the `&`
    /// was lost (`#39;`, `amp;`, `nbsp;`, `quot;`); a new line for `<br />` and for a written `\n`; `xxunk` for `<unk>`; points and
    /// hyphens of WikiText (` @.@ `, ` @-@ `); ` …` for `...`.
    ///
    /// fastai replaces `amp;` wherever it stands, so that `&amp;` gives two signs there; here it gives one.
    public static func mended(_ text: String) -> String {
        // Most texts have nothing of the kind.
        guard text.utf8.contains(where: isSign) || text.contains("...") else { return text }
        var result = text.utf8.contains(59) ? unescaped(text) : text
        for (old, new) in replacements where result.contains(old) { result = result.replacing(old, with: new) }
        return result
    }

    /// `&`, `;`, `<`, `@` and the backslash.
    private static func isSign(_ byte: UInt8) -> Bool {
        switch byte {
        case 38, 59, 60, 64, 92: true
        default: false
        }
    }

    private static let replacements = [
        ("<br />", "\n"), ("<br/>", "\n"), ("<br>", "\n"), ("\\n", "\n"), ("\\\"", "\""),
        ("<unk>", SpecialToken.unknown.rawValue), (" @.@ ", "."), (" @,@ ", ","), (" @-@ ", "-"), ("...", " …"),
    ]

    /// What stands for a character even where the `&` before it was lost.
    private static let bare = ["#39": "'", "#146": "'", "#36": "$", "amp": "&", "nbsp": " ", "quot": "'"]
    private static let beginnings: Set<Unicode.Scalar> = ["#", "a", "n", "q"]

    private static func unescaped(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        var result = String.UnicodeScalarView()
        var (place, last) = (0, -1)
        while place < scalars.count {
            let hasSign = scalars[place] == "&"
            let start = hasSign ? place + 1 : place
            // What was made is not read again.
            let mayBegin = hasSign || (place != last && beginnings.contains(scalars[place]))
            guard mayBegin, let (character, end) = character(scalars, from: start, hasSign: hasSign) else {
                result.append(scalars[place])
                place += 1
                continue
            }
            result.append(contentsOf: character.unicodeScalars)
            (place, last) = (end, end)
        }
        return String(result)
    }

    /// The character that is written from `start` on, up to a semicolon, and where the text goes on.
    private static func character(
        _ scalars: [Unicode.Scalar], from start: Int, hasSign: Bool
    ) -> (character: String, end: Int)? {
        var end = start
        // The longest name has eight letters; a number up to seven digits after `#x`.
        while end < scalars.count, end - start < 10, scalars[end].isASCII,
            scalars[end].isWordPart || (end == start && scalars[end] == "#")
        {
            end += 1
        }
        guard end > start, end < scalars.count, scalars[end] == ";" else { return nil }
        let name = String(String.UnicodeScalarView(scalars[start..<end]))
        guard hasSign else {
            // Words end so, such as “camp”.
            if name == "amp", start > 0, scalars[start - 1].isWordPart { return nil }
            return bare[name].map { ($0, end + 1) }
        }
        if name == "#146" { return ("'", end + 1) }
        if let code = names[name] ?? number(name), let scalar = Unicode.Scalar(code), code > 0 {
            // A space that does not break is one for words all the same.
            return (scalar == "\u{A0}" ? " " : String(Character(scalar)), end + 1)
        }
        return nil
    }

    private static func number(_ name: String) -> UInt32? {
        if name.hasPrefix("#x") || name.hasPrefix("#X") { return UInt32(name.dropFirst(2), radix: 16) }
        return name.hasPrefix("#") ? UInt32(name.dropFirst()) : nil
    }

    private static let names: [String: UInt32] = Dictionary(
        uniqueKeysWithValues: table.split(separator: ",").compactMap { entry in
            let parts = entry.split(whereSeparator: \.isWhitespace)
            guard parts.count == 2, let code = UInt32(parts[1], radix: 16) else { return nil }
            return (String(parts[0]), code)
        })

    /// The names of HTML 4, with their code points.
    private static let table = """
        AElig c6, Aacute c1, Acirc c2, Agrave c0, Alpha 391, Aring c5, Atilde c3, Auml c4, Beta 392, Ccedil c7,
        Chi 3a7, Dagger 2021, Delta 394, ETH d0, Eacute c9, Ecirc ca, Egrave c8, Epsilon 395, Eta 397, Euml cb,
        Gamma 393, Iacute cd, Icirc ce, Igrave cc, Iota 399, Iuml cf, Kappa 39a, Lambda 39b, Mu 39c, Ntilde d1, Nu 39d,
        OElig 152, Oacute d3, Ocirc d4, Ograve d2, Omega 3a9, Omicron 39f, Oslash d8, Otilde d5, Ouml d6, Phi 3a6,
        Pi 3a0, Prime 2033, Psi 3a8, Rho 3a1, Scaron 160, Sigma 3a3, THORN de, Tau 3a4, Theta 398, Uacute da, Ucirc db,
        Ugrave d9, Upsilon 3a5, Uuml dc, Xi 39e, Yacute dd, Yuml 178, Zeta 396, aacute e1, acirc e2, acute b4,
        aelig e6, agrave e0, alefsym 2135, alpha 3b1, amp 26, and 2227, ang 2220, aring e5, asymp 2248, atilde e3,
        auml e4, bdquo 201e, beta 3b2, brvbar a6, bull 2022, cap 2229, ccedil e7, cedil b8, cent a2, chi 3c7, circ 2c6,
        clubs 2663, cong 2245, copy a9, crarr 21b5, cup 222a, curren a4, dArr 21d3, dagger 2020, darr 2193, deg b0,
        delta 3b4, diams 2666, divide f7, eacute e9, ecirc ea, egrave e8, empty 2205, emsp 2003, ensp 2002,
        epsilon 3b5, equiv 2261, eta 3b7, eth f0, euml eb, euro 20ac, exist 2203, fnof 192, forall 2200, frac12 bd,
        frac14 bc, frac34 be, frasl 2044, gamma 3b3, ge 2265, gt 3e, hArr 21d4, harr 2194, hearts 2665, hellip 2026,
        iacute ed, icirc ee, iexcl a1, igrave ec, image 2111, infin 221e, int 222b, iota 3b9, iquest bf, isin 2208,
        iuml ef, kappa 3ba, lArr 21d0, lambda 3bb, lang 2329, laquo ab, larr 2190, lceil 2308, ldquo 201c, le 2264,
        lfloor 230a, lowast 2217, loz 25ca, lrm 200e, lsaquo 2039, lsquo 2018, lt 3c, macr af, mdash 2014, micro b5,
        middot b7, minus 2212, mu 3bc, nabla 2207, nbsp a0, ndash 2013, ne 2260, ni 220b, not ac, notin 2209,
        nsub 2284, ntilde f1, nu 3bd, oacute f3, ocirc f4, oelig 153, ograve f2, oline 203e, omega 3c9, omicron 3bf,
        oplus 2295, or 2228, ordf aa, ordm ba, oslash f8, otilde f5, otimes 2297, ouml f6, para b6, part 2202,
        permil 2030, perp 22a5, phi 3c6, pi 3c0, piv 3d6, plusmn b1, pound a3, prime 2032, prod 220f, prop 221d,
        psi 3c8, quot 22, rArr 21d2, radic 221a, rang 232a, raquo bb, rarr 2192, rceil 2309, rdquo 201d, real 211c,
        reg ae, rfloor 230b, rho 3c1, rlm 200f, rsaquo 203a, rsquo 2019, sbquo 201a, scaron 161, sdot 22c5, sect a7,
        shy ad, sigma 3c3, sigmaf 3c2, sim 223c, spades 2660, sub 2282, sube 2286, sum 2211, sup 2283, sup1 b9,
        sup2 b2, sup3 b3, supe 2287, szlig df, tau 3c4, there4 2234, theta 3b8, thetasym 3d1, thinsp 2009, thorn fe,
        tilde 2dc, times d7, trade 2122, uArr 21d1, uacute fa, uarr 2191, ucirc fb, ugrave f9, uml a8, upsih 3d2,
        upsilon 3c5, uuml fc, weierp 2118, xi 3be, yacute fd, yen a5, yuml ff, zeta 3b6, zwj 200d, zwnj 200c
        """
}

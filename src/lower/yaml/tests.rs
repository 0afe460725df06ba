use super::*;

/// A node as one line: flow style throughout, spans left out.
fn show(stream: &Stream, id: NodeId) -> String {
    match &stream.nodes[id.0 as usize].kind {
        NodeKind::Scalar { text, style: Style::Plain } => text.to_string(),
        NodeKind::Scalar { text, .. } => format!("{text:?}"),
        NodeKind::Sequence { items, .. } => format!("[{}]", items.iter().map(|i| show(stream, *i)).collect::<Vec<_>>().join(", ")),
        NodeKind::Mapping { pairs, .. } => {
            let pairs: Vec<String> = pairs.iter().map(|p| format!("{}: {}", show(stream, p.key), show(stream, p.value))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        NodeKind::Alias(target) => target.map_or("*".into(), |t| format!("*{}", show(stream, t))),
    }
}

fn documents(text: &str) -> Vec<String> {
    let stream = parse(text);
    stream.documents.iter().map(|d| show(&stream, d.root)).collect()
}

/// The text of the value at a path of keys.
fn slice<'a>(text: &'a str, path: &[&str]) -> &'a str {
    let stream = parse(text);
    let root = stream.documents[0].root;
    let node = path.iter().fold(root, |node, key| stream.get(node, key, &mut 0).expect("the key is there").value);
    &text[stream.node(node).span.range()]
}

#[test]
fn documents_become_trees() {
    let cases: &[(&str, &[&str])] = &[
        ("a: 1\nb: [x, {y: z}]\n", &["{a: 1, b: [x, {y: z}]}"]),
        ("a: 1\n---\nb: 2\n...\n---\n- c\n", &["{a: 1}", "{b: 2}", "[c]"]),
        ("a: 'it''s'\nb: \"\\u00e4\\n\"\n", &["{a: \"it's\", b: \"ä\\n\"}"]),
        ("a:\nb: ~\n", &["{a: , b: ~}"]),
        ("a: |\n  x\n  y\nb: >-\n  x\n  y\n", &["{a: \"x\\ny\\n\", b: \"x y\"}"]),
        ("a: &x {b: 1}\nc: *x\n", &["{a: {b: 1}, c: *{b: 1}}"]),
        ("a: *nobody\n", &["{a: *}"]),
        ("a: &x [*x]\n", &["{a: [*]}"]),
        ("a: 1\r\nb:\r\n  - 2\r\n", &["{a: 1, b: [2]}"]),
        ("# only a comment\n", &[]),
        ("", &[]),
    ];
    for (text, expected) in cases {
        assert_eq!(documents(text), *expected, "{text:?}");
    }
}

#[test]
fn spans_are_bytes_of_the_text() {
    let cases: &[(&str, &[&str], &str)] = &[
        ("ä: ö\nb: 2Gi   # é\n", &["b"], "2Gi"),
        ("ä: \"ö\"\nb: \"2Gi\" # c\n", &["b"], "\"2Gi\""),
        ("b: '2Gi'\r\nc: 1\r\n", &["b"], "'2Gi'"),
        ("a:\n  b: 1 # c\n  d: [2, 3] # e\n# f\ng: 1\n", &["a"], "b: 1 # c\n  d: [2, 3]"),
        ("a: {b: 1, c: 2} # d\n", &["a"], "{b: 1, c: 2}"),
        ("a: {b: [1], c}\n", &["a", "b"], "[1]"),
        ("a: &x !t\n  b: 1\n", &["a"], "b: 1"),
        ("a: &x 5\nb: *x\n", &["b"], "5"),
        ("a: |  # why > so\n  x\n  y\n\nb: 1\n", &["a"], "|  # why > so\n  x\n  y"),
        ("a: >+2\n\n    x\nb: 1\n", &["a"], ">+2\n\n    x"),
        ("a: multi\n  line # c\nb: 1\n", &["a"], "multi\n  line"),
        ("a:\nb: 1\n", &["a"], ""),
    ];
    for (text, path, expected) in cases {
        assert_eq!(slice(text, path), *expected, "{text:?}");
    }
}

#[test]
fn merged_keys_are_found_behind_own_ones() {
    let text = "base: &base {a: 1, b: 1, c: 1}\nmore: &more {<<: *base, b: 2}\n\
                x: {<<: [*more, {d: 4, b: 5}], a: 3}\nquoted: {'<<': *base}\ntwice: {a: 1, a: 2}\n";
    let stream = parse(text);
    let root = stream.documents[0].root;
    let get = |outer: &str, key: &str| {
        let outer = stream.get(root, outer, &mut 0)?.value;
        stream.scalar(stream.get(outer, key, &mut 0)?.value).map(str::to_owned)
    };
    let cases = [("x", "a", Some("3")), ("x", "b", Some("2")), ("x", "c", Some("1")), ("x", "d", Some("4")), ("x", "e", None)];
    for (outer, key, expected) in cases {
        assert_eq!(get(outer, key).as_deref(), expected, "{outer}.{key}");
    }
    assert_eq!(get("quoted", "a"), None);
    assert_eq!(get("twice", "a").as_deref(), Some("2"));
}

#[test]
fn a_broken_document_leaves_the_others() {
    let text = "a: 1\n---\nb: \"unclosed\n---\nc: 3\n";
    let stream = parse(text);
    assert_eq!(show(&stream, stream.documents[0].root), "{a: 1}");
    assert!(stream.error.is_some());

    let stream = parse("a: 1\n---\nb: ] \n---\nc: 3\n");
    let shown: Vec<String> = stream.documents.iter().map(|d| show(&stream, d.root)).collect();
    assert_eq!(shown, ["{a: 1}", "{c: 3}"]);
    let (span, message) = stream.error.expect("the second document is no YAML");
    assert_eq!((span, message.is_empty()), (Span::new(12, 13), false));
}

#[test]
fn bad_input_is_an_error_and_no_more() {
    let nested = "[".repeat(5000);
    let mappings = "{a: ".repeat(5000);
    let indented = (0..2000).fold(String::new(), |text, i| text + &" ".repeat(i) + "a:\n");
    let dashes = "- ".repeat(5000);
    for text in
        ["a:\n\tb: 1\n", "a: 'x\n", "a: \"x", "[", "{", "a: b: c", "%", "@", "\u{0}", "? ? ?:", &nested, &mappings, &indented, &dashes]
    {
        let stream = parse(text);
        assert!(stream.error.is_some() || !stream.documents.is_empty(), "{:?}", &text[..text.len().min(20)]);
    }
}

#[test]
fn bombs_stay_small() {
    let mut text = String::from("a0: &a0 {k: v}\n");
    for i in 1..=60 {
        let before = i - 1;
        text += &format!("a{i}: &a{i} {{<<: [*a{before}, *a{before}, *a{before}], x{i}: [*a{before}, *a{before}]}}\n");
    }
    let stream = parse(&text);
    assert!(stream.nodes.len() < text.len());
    let last = stream.get(stream.documents[0].root, "a60", &mut 0).expect("the last key").value;
    let mut scanned = 0;
    assert_eq!(stream.get(last, "k", &mut scanned).and_then(|p| stream.scalar(p.value)), Some("v"));
    assert!(stream.get(last, "absent", &mut scanned).is_none());
    assert!(scanned < 2000, "{scanned}");
}

#[test]
fn noise_is_survived() {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    let bytes: Vec<u8> = (0..1 << 20).map(|_| next()).collect();
    let text = String::from_utf8_lossy(&bytes);
    let _ = parse(&text);
    // Short texts of the characters that mean something to YAML reach more of the parser.
    let alphabet = b"-?:,[]{}#&*!|>'\"%@ \n\t\ra1<~.\\";
    for _ in 0..20_000 {
        let text: String = (0..next() % 24).map(|_| alphabet[next() as usize % alphabet.len()] as char).collect();
        let stream = parse(&text);
        for node in stream.nodes() {
            assert!(text.get(node.span.range()).is_some(), "{text:?} {node:?}");
        }
    }
}

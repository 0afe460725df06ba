//! debugging
use roadworthy::lower::python;
use roadworthy::source::FileId;
fn main() {
    let mut n = 0;
    let mut tot = 0;
    let mut errs = 0;
    let (mut tp, mut tl) = (0f64, 0f64);
    for p in std::env::args().skip(1) {
        let Ok(t) = std::fs::read_to_string(&p) else { continue };
        let a = std::time::Instant::now();
        let tree = python::parse(&t).unwrap();
        let b = std::time::Instant::now();
        let m = python::lower(FileId(0), &t, &tree);
        let c = std::time::Instant::now();
        tp += (b - a).as_secs_f64();
        tl += (c - b).as_secs_f64();
        n += 1;
        tot += t.len();
        errs += m.errors.len();
        if !m.errors.is_empty() {
            eprintln!("{p}: {:?}", m.errors.iter().take(3).collect::<Vec<_>>());
        }
        if std::env::var("DUMP").is_ok() {
            for (i, e) in m.exprs.iter().enumerate() {
                println!("e{i} {:?} {:?}", &t[e.span.range()], e.kind);
            }
            for (i, s) in m.stmts.iter().enumerate() {
                println!("s{i} {:?}", s.kind);
            }
            for b in &m.blocks {
                println!("{b:?}")
            }
            for f in &m.functions {
                println!("{f:?}")
            }
            for f in &m.scopes {
                println!("{f:?}")
            }
            println!("{:?}", m.imports)
        }
    }
    println!("{n} files {tot} bytes {errs} errors parse {tp:.3} lower {tl:.3}");
    println!("undecided {:?}", python::undecided());
}

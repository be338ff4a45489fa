//! What exists in both ways of calling is the same, but for `.await`.

#[test]
fn the_two_ways_of_calling_differ_in_await_alone() {
    let start = |file: &'static str| file.split_once("use wellspring_core").map(|(_, rest)| rest.to_owned());
    let asynchronous = start(include_str!("../src/asynchronous.rs"));
    let blocking = start(include_str!("../src/blocking.rs"));
    let expected = asynchronous.map(|text| {
        text.replace(".await", "").replace("async fn", "fn").replace("transport_async", "transport_blocking")
    });
    // Without `.await` the formatter puts more on a line, and no comma after the last of them.
    let words = |text: Option<String>| {
        text.map(|text| text.chars().filter(|c| !c.is_whitespace() && *c != ',').collect::<String>())
    };
    assert!(expected.is_some());
    assert_eq!(words(expected), words(blocking));
}

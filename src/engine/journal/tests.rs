use super::*;

fn push(journal: &mut Journal, number: u64, body: usize) {
    let request = Request::new("POST", "/", Headers::default(), vec![b'x'; body].into());
    let reply = Reply { status: 200, headers: Fields::default(), body: Bytes::new() };
    let when = (Timestamp::UNIX_EPOCH, Duration::ZERO);
    journal.push(number, when, &request, &reply, Note::default());
}

#[test]
fn an_exchange_is_kept_as_it_was() {
    static COMMON: [Field; 1] = [(Cow::Borrowed("server"), Cow::Borrowed("nginx"))];
    let headers = [("host", "localhost"), ("x-empty", "")].into_iter().collect();
    let mut request = Request::new("PURGE", "//a?b", headers, "body".into());
    request.secure = true;
    let own = vec![("x-id".into(), "1".into())];
    let reply = Reply { status: 418, headers: Fields::with_own(&COMMON, own), body: "tea".into() };
    let note = Note { error: Some("NO"), remarks: vec!["why".into()], ..Note::default() };
    let mut journal = Journal::default();
    let when = (Timestamp::UNIX_EPOCH, Duration::from_millis(5));
    journal.push(5, when, &request, &reply, note.clone());
    request.body = Body::TooLarge;
    journal.push(6, when, &request, &reply, note.clone());
    assert_eq!(journal.entries().map(|entry| entry.number).collect::<Vec<_>>(), [5, 6]);
    let entry = journal.entry(6).unwrap();
    assert_eq!((&entry.request, &entry.reply, &entry.note), (&request, &reply, &note));
    assert_eq!((entry.request.path(), entry.took), ("/a", Duration::from_millis(5)));
    assert_eq!(journal.entry(5).unwrap().request.body(), b"body");
    assert!(journal.entry(4).is_none() && journal.entry(7).is_none());
}

#[test]
fn of_a_file_only_length_and_hash_are_kept() {
    let request = Request::new("PUT", "/", Headers::default(), vec![b'x'; 5 << 20].into());
    let reply = Reply { status: 200, headers: Fields::default(), body: "done".into() };
    let mut journal = Journal::default();
    let note = |bulk| Note { bulk: Some(Box::new(bulk)), ..Note::default() };
    let other = Bytes::from_static(b"file");
    let when = (Timestamp::UNIX_EPOCH, Duration::ZERO);
    journal.push(1, when, &request, &reply, note(Bulk::Request(None)));
    journal.push(2, when, &request, &reply, note(Bulk::Reply(other, "known".into())));
    let (first, second) = (journal.entry(1).unwrap(), journal.entry(2).unwrap());
    let kept = str::from_utf8(first.request.body()).unwrap().to_owned();
    assert!(kept.starts_with("(5242880 bytes, SHA-256 ") && kept.len() == 89, "{kept}");
    assert_eq!(&first.reply.body[..], b"done");
    assert!(second.reply.body.starts_with(b"(4 bytes, SHA-256 ") && second.reply.body.len() > 80);
    assert_eq!(second.request.body().len(), 5 << 20);
    // A hash that is known is not made again.
    let file = reply.body.clone();
    journal.push(3, when, &request, &reply, note(Bulk::Reply(file, "known".into())));
    let known = Some("known".into());
    journal.push(4, when, &request, &reply, note(Bulk::Request(known)));
    assert_eq!(&journal.entry(3).unwrap().reply.body[..], b"(4 bytes, SHA-256 known)");
    assert_eq!(journal.entry(4).unwrap().request.body(), b"(5242880 bytes, SHA-256 known)");
}

#[test]
fn the_oldest_exchanges_go_first_by_number() {
    let mut journal = Journal::default();
    (1..=1_003).for_each(|number| push(&mut journal, number, 0));
    let numbers: Vec<_> = journal.entries().map(|entry| entry.number).collect();
    assert_eq!((numbers.len(), numbers[0], numbers[999], journal.evicted()), (1_000, 4, 1_003, 3));
}

#[test]
fn an_exchange_that_is_added_late_is_found_and_shown_by_its_number() {
    let mut journal = Journal::default();
    [1, 3, 4, 2, 5].into_iter().for_each(|number| push(&mut journal, number, number as usize));
    assert_eq!(journal.entries().map(|entry| entry.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    for number in 1..=5 {
        assert_eq!(journal.entry(number).unwrap().request.body().len(), number as usize);
    }
}

#[test]
fn exchanges_keep_their_places_in_the_order_in_which_they_came() {
    let mut journal = Journal::default();
    [1, 3, 2].into_iter().for_each(|number| push(&mut journal, number, number as usize));
    push(&mut journal, 4, MOST_BYTES);
    (5..=1_002).for_each(|number| push(&mut journal, number, 0));
    assert_eq!((journal.places(), journal.evicted()), (1..1_001, 2));
    let numbers = |places| {
        let entries = journal.at_places(places).into_iter();
        entries.map(|entry| (entry.number, entry.request.body().len())).collect::<Vec<_>>()
    };
    assert_eq!(numbers(0..4), [(3, 3), (2, 2), (5, 0)]);
    assert_eq!(numbers(999..2_000), [(1_001, 0), (1_002, 0)]);
    assert_eq!(numbers(2_000..3_000), []);
    assert_eq!(numbers(0..1), []);
}

#[test]
fn an_exchange_that_is_too_large_for_the_journal_is_not_kept() {
    let mut journal = Journal::default();
    push(&mut journal, 1, 5);
    push(&mut journal, 2, MOST_BYTES);
    push(&mut journal, 3, 5);
    assert_eq!(journal.entries().map(|entry| entry.number).collect::<Vec<_>>(), [1, 3]);
    assert_eq!((journal.evicted(), journal.bytes.len()), (1, 20));
    assert!(journal.size() < 10_000);
}

#[test]
fn a_journal_that_is_cut_keeps_its_newest_exchanges_and_gives_memory_back() {
    let memory = Memory::default();
    let mut journal = Journal::sharing(&memory);
    (1..=20).for_each(|number| push(&mut journal, number, 1_000));
    assert_eq!(memory.taken(), journal.size());
    let five = 5 * (size_of::<Kept>() + "POST/".len() + 1_000);
    journal.cut(five);
    assert_eq!(journal.entries().map(|entry| entry.number).collect::<Vec<_>>(), [16, 17, 18, 19, 20]);
    assert_eq!((journal.evicted(), memory.taken()), (15, journal.size()));
    assert!(journal.size() <= five);
    journal.cut(0);
    assert_eq!((journal.entries().len(), journal.evicted(), memory.taken()), (0, 20, 0));
    push(&mut journal, 21, 1);
    assert_eq!(journal.entry(21).unwrap().request.body(), b"x");
}

#[test]
fn the_oldest_exchanges_go_first_by_bytes() {
    let mut journal = Journal::default();
    (1..=20).for_each(|number| push(&mut journal, number, 1 << 20));
    assert_eq!((journal.entries().len(), journal.evicted()), (7, 13));
    assert!((7 << 20..=MOST_BYTES).contains(&journal.bytes.len()));
    assert!(journal.bytes.capacity() <= MOST_BYTES * 5 / 4);
    (21..=1_020).for_each(|number| push(&mut journal, number, 1));
    assert_eq!(journal.entries().len(), 1_000);
    assert_eq!((journal.bytes.len(), journal.aside), (6_000, 0));
    assert!(journal.bytes.capacity() <= 24_000, "the memory of large bodies is given back");
}

use super::*;
use netmon_common::latency::bucket;
use proptest::collection::vec;
use proptest::prelude::*;

/// A book, and what it is told of: by the last byte of its address, each destination's queries and when it was there first.
struct Scene {
    book: Book,
    now: u64,
    table: BTreeMap<u8, (u64, Time)>,
    counted: Counted,
}

fn address(number: u8) -> Address {
    Address::v4([10, 0, 0, number])
}

fn counters(dns_queries: u64) -> Destination {
    Destination {
        dns_queries,
        ..Destination::ZERO
    }
}

impl Scene {
    fn new(places: usize) -> Self {
        Self {
            book: Book::new(places),
            now: 0,
            table: BTreeMap::new(),
            counted: Counted::default(),
        }
    }

    /// A poll at that second, by which these have so many queries.
    fn poll(&mut self, second: u64, queries: &[(u8, u64)]) {
        self.now = second;
        let mut changed = Vec::new();
        for (number, queries) in queries {
            let new = (0, Time::at_second(second));
            let (known, _since) = self.table.entry(*number).or_insert(new);
            let before = std::mem::replace(known, *queries);
            if before != *queries {
                changed.push((address(*number), counters(before), counters(*queries)));
            }
        }
        self.book.take(&changed);
    }

    /// One loses its place, with more queries since the last poll.
    fn retire(&mut self, number: u8, more: u64) {
        let (queries, _since) = self.table.remove(&number).unwrap();
        self.counted.retired.dns_queries += queries + more;
        self.book.gone(&[(address(number), counters(queries))]);
    }

    fn page(&mut self) -> Page {
        let table = &self.table;
        self.book
            .page(Time::at_second(self.now), &self.counted, |server| {
                let known = table.iter().find(|(number, _)| address(**number) == server);
                known.map(|(_, (queries, since))| (counters(*queries), *since))
            })
    }

    fn read(&mut self, second: u64, queries: &[(u8, u64)]) -> Page {
        self.poll(second, queries);
        self.page()
    }
}

/// Of each listed server and of all the others.
fn queries(page: &Page) -> (Vec<(&str, u64)>, u64) {
    let servers = page.servers.iter();
    let servers = servers.map(|(name, figures)| (&**name, figures.counters.dns_queries));
    (servers.collect(), page.other.counters.dns_queries)
}

#[test]
fn those_beyond_the_bound_are_summed_and_nothing_is_missing() {
    let mut scene = Scene::new(2);
    let page = scene.read(1, &[(1, 10), (2, 30), (3, 20), (4, 5)]);
    assert_eq!(queries(&page), (vec![("10.0.0.2", 30), ("10.0.0.3", 20)], 15));
    assert_eq!(page.others, 2);
    let page = scene.read(2, &[(1, 100), (2, 30), (3, 21), (4, 5)]);
    assert_eq!(queries(&page), (vec![("10.0.0.2", 30), ("10.0.0.3", 21)], 105));
}

#[test]
fn the_most_active_of_many_more_than_find_room_are_listed_also_those_of_earlier_polls() {
    let mut scene = Scene::new(2);
    scene.poll(1, &[(250, 900), (251, 800)]);
    for second in 2..200 {
        let number = u8::try_from(second).unwrap();
        scene.poll(second, &[(number, 7), (249, second)]);
    }
    let page = scene.page();
    let others = 198 * 7 + 199;
    assert_eq!(
        queries(&page),
        (vec![("10.0.0.250", 900), ("10.0.0.251", 800)], others)
    );
    assert_eq!(page.others, 199);
}

#[test]
fn no_counter_falls_or_jumps_when_servers_come_and_go() {
    let mut scene = Scene::new(1);
    scene.read(1, &[(1, 10), (2, 3)]);
    // The listed one is silent, so that the other takes its place with its next packets.
    let page = scene.read(4_000, &[(2, 5)]);
    assert_eq!(
        queries(&page),
        (vec![("10.0.0.2", 5)], 5),
        "what was counted in `other` stays"
    );
    let page = scene.read(4_000, &[(1, 14), (2, 9)]);
    assert_eq!(
        queries(&page),
        (vec![("10.0.0.2", 9)], 9),
        "the one that left counts in `other` from there"
    );
    // And back again.
    let page = scene.read(8_000, &[(1, 15)]);
    assert_eq!(queries(&page), (vec![("10.0.0.1", 15)], 10));
    assert_eq!(page.others, 1);
}

#[test]
fn one_that_loses_its_place_keeps_its_figures_if_it_is_listed_and_else_stays_in_other() {
    let mut scene = Scene::new(1);
    scene.read(1, &[(1, 10), (2, 3)]);
    scene.retire(1, 2);
    scene.retire(2, 1);
    let page = scene.page();
    assert_eq!(queries(&page), (vec![("10.0.0.1", 10)], 6));
    assert_eq!(page.others, 0);
    // It comes again, and goes on.
    let page = scene.read(2, &[(1, 4), (2, 1)]);
    assert_eq!(queries(&page), (vec![("10.0.0.1", 14)], 7));
    assert_eq!(page.others, 1);
}

#[test]
fn whoever_waits_for_a_place_and_is_gone_gets_none() {
    let mut scene = Scene::new(1);
    scene.poll(1, &[(1, 10), (2, 3)]);
    scene.retire(1, 0);
    assert_eq!(queries(&scene.page()), (vec![("10.0.0.2", 3)], 10));
}

#[test]
fn how_long_answers_took_is_told_of_whoever_is_listed_then() {
    let mut scene = Scene::new(1);
    let answers = |scene: &mut Scene, number, count| {
        let latency = scene
            .counted
            .latencies
            .entry(address(number))
            .or_insert(Latency::ZERO);
        latency.counts[bucket(300)] = count;
    };
    let counts = |page: &Page| {
        let listed = page.servers.iter().map(|(_, figures)| figures.latency.count());
        (listed.collect::<Vec<_>>(), page.other.latency.count())
    };
    answers(&mut scene, 1, 5);
    answers(&mut scene, 2, 3);
    assert_eq!(counts(&scene.read(1, &[(1, 10), (2, 3)])), (vec![5], 3));
    answers(&mut scene, 2, 4);
    // The second one takes the first one's place, with all that it has.
    assert_eq!(counts(&scene.read(4_000, &[(2, 5)])), (vec![4], 3));
    answers(&mut scene, 1, 7);
    assert_eq!(counts(&scene.page()), (vec![4], 5));
    scene.counted.latencies.clear();
    assert_eq!(counts(&scene.page()), (vec![4], 5));
}

proptest! {
    /// Whatever grows, goes and comes again, and however long it is silent: nothing that is told ever falls, and nothing is told
    /// that was not counted.
    #[test]
    fn what_is_told_only_grows_and_by_no_more_than_what_was_counted(
        places in 1..4_usize,
        readings in vec((0..5_000_u64, vec(0..3_u64, 6), 0..20_u8), 1..40),
    ) {
        let mut scene = Scene::new(places);
        let (mut now, mut told) = (1, BTreeMap::<String, u64>::new());
        let mut last: Vec<String> = vec!["other".to_owned()];
        for (seconds, more, gone) in readings {
            now += seconds;
            let grow = |(number, more): (u8, &u64)| {
                let known = scene.table.get(&number).map_or(0, |(queries, _)| *queries);
                (known + more > 0).then_some((number, known + more))
            };
            let seen: Vec<_> = (0..).zip(&more).filter_map(grow).collect();
            scene.poll(now, &seen);
            if scene.table.contains_key(&gone) {
                scene.retire(gone, 0);
            }
            let page = scene.page();
            let (servers, other) = queries(&page);
            let all: Vec<(&str, u64)> = servers.into_iter().chain([("other", other)]).collect();
            let mut grown = 0;
            for (name, count) in &all {
                let before = told.insert((*name).to_owned(), *count).unwrap_or_default();
                // A series that appears is no growth: it starts where the server is.
                if last.iter().any(|last| last == name) {
                    prop_assert!(before <= *count, "{name} fell from {before} to {count}");
                    grown += count - before;
                }
            }
            last = all.into_iter().map(|(name, _)| name.to_owned()).collect();
            prop_assert!(grown <= more.iter().sum::<u64>(), "{grown} is told of {more:?}");
            prop_assert!(page.servers.len() <= places);
        }
    }
}

//! Given what the kernel has counted at each reading, which seconds are reported.
use super::*;

/// What a kernel would count of one service.
#[derive(Debug)]
struct Kernel(Exchanges);

impl Kernel {
    fn second(&mut self, sent: u64) -> &mut Second {
        &mut self.0.seconds[place(sent)]
    }

    fn asked(&mut self, sent: u64, times: u32) {
        self.second(sent).asked += times;
        self.0.queries += times;
    }

    fn answered(&mut self, sent: u64, rcode: Rcode) {
        self.second(sent).answered += 1;
        self.second(sent).faults += u32::from(rcode.is_fault());
        self.0.answers[rcode as usize] += 1;
    }

    fn failed(&mut self, sent: u64) {
        self.second(sent).failed += 1;
    }

    fn failed_without_event(&mut self, sent: u64) {
        self.failed(sent);
        self.0.untold[Code::Port as usize] += 1;
    }
}

fn counts(asked: u32, answered: u32, failed: u32) -> Counts {
    Counts {
        asked,
        answered,
        failed,
        ..Counts::default()
    }
}

fn take(readings: &mut Readings, kernel: &Kernel, second: u64) -> Vec<(u64, Counts)> {
    take_until(readings, kernel, second, second)
}

fn take_until(readings: &mut Readings, kernel: &Kernel, second: u64, until: u64) -> Vec<(u64, Counts)> {
    let mut reported = Vec::new();
    readings.take(&kernel.0, second, Time::at_second(until), |second, counts| {
        reported.push((second, counts));
    });
    reported
}

#[test]
fn a_second_is_what_was_added_since_its_counters_were_another_seconds() {
    let mut kernel = Kernel(Exchanges::ZERO);
    let mut readings = Readings::new(1_000);
    for second in 1_000..1_200 {
        kernel.asked(second, 2);
        kernel.answered(second, Rcode::NoError);
        let reported = take(&mut readings, &kernel, second);
        assert_eq!(reported, [(second, counts(2, 1, 0))], "{second}");
    }
    // What is answered late belongs to the second in which it was sent.
    kernel.answered(1_180, Rcode::NoError);
    kernel.failed(1_190);
    let reported = take(&mut readings, &kernel, 1_199);
    assert_eq!(reported, [(1_180, counts(2, 2, 0)), (1_190, counts(2, 1, 1))]);
    assert_eq!(take(&mut readings, &kernel, 1_200), []);
}

#[test]
fn the_oldest_second_is_read_once_more_before_its_counters_are_used_again() {
    let mut kernel = Kernel(Exchanges::ZERO);
    let mut readings = Readings::new(100);
    kernel.asked(100, 1);
    take(&mut readings, &kernel, 100);
    for second in 101..=130 {
        take(&mut readings, &kernel, second);
    }
    kernel.answered(100, Rcode::NoError);
    assert_eq!(take(&mut readings, &kernel, 131), [(100, counts(1, 1, 0))]);
    kernel.asked(132, 5);
    assert_eq!(take(&mut readings, &kernel, 132), [(132, counts(5, 0, 0))]);
}

#[test]
fn after_a_whole_round_without_a_reading_nothing_is_guessed() {
    let mut kernel = Kernel(Exchanges::ZERO);
    let mut readings = Readings::new(100);
    kernel.asked(120, 7);
    kernel.asked(131, 9);
    assert_eq!(take(&mut readings, &kernel, 132), []);
    kernel.answered(131, Rcode::NoError);
    kernel.asked(132, 1);
    // The answer is to a query that is not known.
    assert_eq!(take(&mut readings, &kernel, 132), [(132, counts(1, 0, 0))]);
}

#[test]
fn readings_that_were_missed_for_less_than_a_round_lose_nothing() {
    let mut kernel = Kernel(Exchanges::ZERO);
    let mut readings = Readings::new(100);
    for second in 101..=131 {
        kernel.asked(second, 1);
    }
    let reported = take(&mut readings, &kernel, 131);
    assert_eq!(reported.len(), 31);
    assert!(reported.iter().all(|(_, one)| *one == counts(1, 0, 0)));
}

#[test]
fn a_second_that_is_not_to_be_reported_yet_is_at_the_next_reading() {
    let mut kernel = Kernel(Exchanges::ZERO);
    let mut readings = Readings::new(100);
    kernel.asked(100, 1);
    kernel.asked(101, 3);
    assert_eq!(
        take_until(&mut readings, &kernel, 101, 100),
        [(100, counts(1, 0, 0))]
    );
    assert_eq!(take(&mut readings, &kernel, 101), [(101, counts(3, 0, 0))]);
}

#[test]
fn faults_are_known_by_rcode() {
    let mut kernel = Kernel(Exchanges::ZERO);
    let mut readings = Readings::new(100);
    kernel.asked(100, 4);
    for rcode in [Rcode::ServFail, Rcode::NoError, Rcode::FormErr, Rcode::NotImp] {
        kernel.answered(100, rcode);
    }
    let faults = |servfail, refused, other| Faults {
        servfail,
        refused,
        other,
    };
    let reported = take(&mut readings, &kernel, 100);
    assert_eq!(reported[0].1.faults, faults(1, 0, 2));
    kernel.asked(101, 1);
    kernel.answered(101, Rcode::Refused);
    assert_eq!(take(&mut readings, &kernel, 101)[0].1.faults, faults(0, 1, 0));
}

#[test]
fn a_syn_whose_connection_is_there_does_not_count_any_more() {
    let mut kernel = Kernel(Exchanges::ZERO);
    let mut readings = Readings::new(100);
    kernel.asked(100, 1);
    assert_eq!(take(&mut readings, &kernel, 100), [(100, counts(1, 0, 0))]);
    kernel.second(100).asked -= 1;
    kernel.asked(101, 1);
    assert_eq!(
        take(&mut readings, &kernel, 101),
        [(100, counts(0, 0, 0)), (101, counts(1, 0, 0))]
    );
}

#[test]
fn an_error_or_an_answer_that_comes_after_half_a_minute_counts_in_the_second_of_its_query() {
    let mut kernel = Kernel(Exchanges::ZERO);
    let mut readings = Readings::new(100);
    kernel.asked(100, 2);
    take(&mut readings, &kernel, 100);
    for second in 101..=143 {
        take(&mut readings, &kernel, second);
    }
    assert_eq!(readings.failed_later(100), Some((100, counts(2, 0, 1))));
    assert_eq!(readings.failed_later(100), Some((100, counts(2, 0, 2))));
    let answered = readings.answered_later(100, Some(Rcode::NoError));
    assert_eq!(answered, Some((100, counts(2, 1, 1))), "the answer wins");
    assert_eq!(readings.failed_later(99), None, "nobody knows of a query");
}

#[test]
fn what_an_earlier_netmon_has_read_is_no_news() {
    let mut kernel = Kernel(Exchanges::ZERO);
    kernel.asked(100, 1);
    kernel.asked(101, 7);
    let mut readings = Readings::new(0);
    readings.begin(&kernel.0, 101);
    assert_eq!(take(&mut readings, &kernel, 101), []);
    kernel.answered(100, Rcode::NoError);
    kernel.asked(101, 1);
    assert_eq!(take(&mut readings, &kernel, 101), [(101, counts(1, 0, 0))]);
}

#[test]
fn errors_without_an_event_are_reported_when_the_events_before_them_were_read() {
    let mut kernel = Kernel(Exchanges::ZERO);
    let mut readings = Readings::new(100);
    let port = |readings: &mut Readings, now| readings.untold(now).map(|(_, more)| more[Code::Port as usize]);
    kernel.asked(100, 5);
    kernel.failed(100);
    kernel.failed(100);
    (0..3).for_each(|_| kernel.failed_without_event(100));
    take(&mut readings, &kernel, 100);
    assert_eq!(port(&mut readings, false), None);
    kernel.failed_without_event(100);
    take(&mut readings, &kernel, 100);
    assert_eq!(port(&mut readings, false), Some(3));
    assert_eq!(port(&mut readings, false), Some(1));
    assert_eq!(port(&mut readings, false), None);
    kernel.failed_without_event(100);
    take(&mut readings, &kernel, 100);
    assert_eq!(port(&mut readings, false), None);
    kernel.failed_without_event(100);
    take(&mut readings, &kernel, 100);
    assert_eq!(port(&mut readings, true), Some(2), "both");
    assert_eq!(port(&mut readings, true), None);
}

#[test]
fn errors_without_an_event_came_after_the_reading_before_the_one_that_counted_them() {
    let mut kernel = Kernel(Exchanges::ZERO);
    let mut readings = Readings::new(100);
    kernel.asked(100, 5);
    take(&mut readings, &kernel, 100);
    (0..5).for_each(|_| kernel.failed_without_event(100));
    // The server answers again, and that is when they are counted.
    take(&mut readings, &kernel, 101);
    let (since, _) = readings.untold(true).unwrap();
    assert_eq!(since, Time::at_second(100));
}

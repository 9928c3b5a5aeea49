use std::collections::VecDeque;
use std::sync::mpsc;

use super::*;

/// Does as it is told with each attempt, and tells of it.
#[derive(Debug)]
struct Scripted {
    script: Mutex<VecDeque<Attempt>>,
    seen: mpsc::Sender<String>,
    patience: Duration,
}

impl Courier for Scripted {
    fn deliver(&self, notice: &Notice, _end: &dyn Fn() -> Option<Instant>) -> Attempt {
        let attempt = self.script.lock().unwrap().pop_front();
        // When it is over, nobody may listen.
        let _nobody = self.seen.send(notice.incident.clone());
        attempt.unwrap_or(Attempt::Delivered)
    }

    fn patience(&self) -> Duration {
        self.patience
    }
}

fn again() -> Attempt {
    Attempt::Again("it is busy".to_owned(), None)
}

fn far() -> Attempt {
    Attempt::Again("it is busy".to_owned(), Some(LONGEST_PAUSE / 2))
}

fn outbox(script: impl Into<VecDeque<Attempt>>, limit: usize) -> (Outbox, mpsc::Receiver<String>) {
    let (courier, seen) = courier(script, Duration::from_mins(1));
    (Outbox::new("test", courier, limit).unwrap(), seen)
}

fn courier(
    script: impl Into<VecDeque<Attempt>>,
    patience: Duration,
) -> (Arc<dyn Courier>, mpsc::Receiver<String>) {
    let (seen, told) = mpsc::channel();
    let script = Mutex::new(script.into());
    (
        Arc::new(Scripted {
            script,
            seen,
            patience,
        }),
        told,
    )
}

fn put(outbox: &Outbox, name: &str) {
    outbox.put(Arc::from(*b"{}"), name.to_owned());
}

fn counts(outbox: &Outbox) -> (u64, u64, u64) {
    outbox.receiver.tally.counts()
}

fn end(outbox: Outbox) -> (u64, u64, u64) {
    let receiver = Arc::clone(&outbox.receiver);
    outbox.close(Duration::from_mins(1));
    outbox.wait();
    receiver.tally.counts()
}

#[test]
fn notifications_are_delivered_in_their_order_and_a_busy_receiver_is_tried_again() {
    let (outbox, seen) = outbox([Attempt::Delivered, again(), again()], 8);
    for name in ["a", "b", "c"] {
        put(&outbox, name);
    }
    let seen: Vec<String> = seen.iter().take(5).collect();
    assert_eq!(seen, ["a", "b", "b", "b", "c"]);
    assert_eq!(end(outbox), (3, 0, 0));
}

#[test]
fn what_is_refused_is_counted_and_the_next_one_goes_out() {
    let (outbox, _seen) = outbox([Attempt::Failed("no".to_owned())], 8);
    put(&outbox, "a");
    put(&outbox, "b");
    assert_eq!(end(outbox), (1, 1, 0));
}

#[test]
fn one_that_is_tried_too_long_is_given_up() {
    let (courier, seen) = courier([again(), far(), far()], LONGEST_PAUSE / 3);
    let outbox = Outbox::new("test", courier, 8).unwrap();
    put(&outbox, "a");
    put(&outbox, "b");
    // The first pause fits into the time, the others do not.
    let seen: Vec<String> = seen.iter().take(3).collect();
    assert_eq!(seen, ["a", "a", "b"]);
    assert_eq!(end(outbox), (0, 2, 0));
}

#[test]
fn the_oldest_gives_way_where_too_many_wait_and_putting_in_does_not_wait() {
    let (outbox, seen) = outbox([far()], 3);
    put(&outbox, "stuck");
    assert_eq!(seen.recv().unwrap(), "stuck");
    for n in 0..1_000 {
        put(&outbox, &n.to_string());
    }
    assert_eq!(counts(&outbox), (0, 0, 997));
    outbox.limit(2);
    assert_eq!(counts(&outbox), (0, 0, 998));
    // A new courier takes over at once, and at its end all is flushed.
    let (new, seen) = courier([], Duration::from_mins(1));
    outbox.replace(new);
    let seen: Vec<String> = seen.iter().take(3).collect();
    assert_eq!(seen, ["stuck", "998", "999"]);
    assert_eq!(end(outbox), (3, 0, 998));
}

#[test]
fn at_the_end_one_that_is_resting_is_tried_once_more() {
    let (outbox, seen) = outbox([far()], 3);
    put(&outbox, "a");
    assert_eq!(seen.recv().unwrap(), "a");
    // It rests from when its courier has come back, which is at once.
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(end(outbox), (1, 0, 0));
}

#[test]
fn the_end_does_not_wait_for_a_courier_who_never_comes_back() {
    #[derive(Debug)]
    struct Lost;
    impl Courier for Lost {
        fn deliver(&self, _notice: &Notice, _end: &dyn Fn() -> Option<Instant>) -> Attempt {
            std::thread::sleep(Duration::from_hours(1));
            Attempt::Delivered
        }
        fn patience(&self) -> Duration {
            Duration::from_hours(1)
        }
    }
    let outbox = Outbox::new("test", Arc::new(Lost), 8).unwrap();
    put(&outbox, "a");
    outbox.close(Duration::from_millis(200));
    outbox.wait();
}

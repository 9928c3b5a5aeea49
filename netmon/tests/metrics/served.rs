//! A listener as `netmon run --metrics` has it, in front of an event loop that does nothing but answer it.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use netmon::clock;
use netmon::model::{Counted, Event, Happened, Incident, Moment, Started};
use netmon::outlets::Outlet as _;
use netmon::outlets::metrics::{Metrics, Options};
use netmon_common::Address;
use netmon_common::records::Destination;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// How often the event loop polls, as far as the listener knows.
const INTERVAL: Duration = Duration::from_millis(100);

/// What the loop is told to do to the metrics.
type Order = Box<dyn FnOnce(&mut Metrics) + Send>;

/// A running listener.
pub struct Served {
    address: SocketAddr,
    orders: Option<UnboundedSender<Order>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Served {
    /// One that has these counts to tell.
    pub fn start(counted: Counted, max_servers: usize) -> Self {
        let options = Options {
            address: Some(([127, 0, 0, 1], 0).into()),
            max_servers,
            interval: INTERVAL,
        };
        let (mut metrics, address) = Metrics::start(options).unwrap();
        let (orders, mut ordered) = unbounded_channel::<Order>();
        // As they are at the first poll.
        let destinations: Vec<_> = counted
            .destinations
            .iter()
            .map(|one| (one.address, one.counters))
            .collect();
        let news = destinations
            .iter()
            .map(|(address, counters)| (*address, Destination::ZERO, *counters));
        metrics.changed(&news.collect::<Vec<_>>());
        let first = clock::boot_now();
        let known: BTreeMap<Address, Destination> = destinations.into_iter().collect();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                loop {
                    tokio::select! {
                        () = poll_fn(|context| metrics.poll_asked(context)) => {
                            let known = |address| known.get(&address).map(|counters| (*counters, first));
                            metrics.answer(now(), counted.clone(), known);
                        },
                        order = ordered.recv() => match order {
                            Some(order) => order(&mut metrics),
                            None => break,
                        },
                    }
                }
            });
        });
        Self {
            address,
            orders: Some(orders),
            thread: Some(thread),
        }
    }

    /// The same, attached, and with counts that were read.
    pub fn attached(counted: Counted, max_servers: usize) -> Self {
        let served = Self::start(counted, max_servers);
        served.attach();
        served.poll();
        served
    }

    /// Tells that interfaces are watched.
    pub fn attach(&self) {
        self.order(|metrics| metrics.emit(now(), &Event::Started(Started::default())));
    }

    /// Tells that the counts were read.
    pub fn poll(&self) {
        self.order(|metrics| metrics.polled(now()));
    }

    /// Tells of an incident.
    pub fn incident(&self, happened: Happened, incident: &Incident) {
        let event = Event::Incident(happened, Arc::new(incident.clone()));
        self.order(move |metrics| metrics.emit(now(), &event));
    }

    /// Does something to the metrics, and returns when it is done.
    pub fn order(&self, order: impl FnOnce(&mut Metrics) + Send + 'static) {
        let (done, is_done) = mpsc::channel();
        let order = move |metrics: &mut Metrics| {
            order(metrics);
            done.send(()).unwrap();
        };
        self.orders.as_ref().unwrap().send(Box::new(order)).ok().unwrap();
        is_done.recv().unwrap();
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.orders = None;
        let _panicked = self.thread.take().map(thread::JoinHandle::join);
    }
}

/// Now.
pub fn now() -> Moment {
    Moment {
        time: clock::boot_now(),
        offset: clock::wall_offset(),
    }
}

//! Faults happen. Each happens to a service of its own, which was well before and is well again afterwards.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, SystemTime};

use netmon_testkit::lab::{
    Asker, Hook, Namespace, Reply, Route, Rules, Scripted, ScriptedTcp, TYPE_A, query, respond,
};
use serde_json::Value;

use super::faults::Fault;
use super::faults::What::{Dropped, Ends, Fails, Hangs, HostGone, PodEnds, TcpHangs, TcpProhibited};
use super::world::{Watcher, World};
use crate::support::{ANSWER, PATIENCE};
use crate::trouble::{ask_refused, ask_well, port_53};

/// How a program behaves: what it answers, or that it hangs.
#[derive(Default)]
struct Behaviour {
    is_broken: AtomicBool,
}

/// The program of a service, over UDP and TCP.
fn serve(host: &Namespace, fault: Fault) -> (Scripted, Option<ScriptedTcp>, Arc<Behaviour>) {
    let behaviour = Arc::new(Behaviour::default());
    let answer = move |behaviour: &Behaviour, query: &[u8]| {
        let is_broken = behaviour.is_broken.load(Ordering::Relaxed);
        match fault.what {
            Hangs | TcpHangs if is_broken => None,
            Fails(rcode) if is_broken => Some(respond(query, rcode)),
            _ => Some(respond(query, 0)),
        }
    };
    let over_tcp = Arc::clone(&behaviour);
    let tcp = fault.is_tcp().then(|| {
        let script = move |query: &[u8]| {
            let message = answer(&over_tcp, query).map(|answer| {
                let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
                [&length[..], &answer].concat()
            });
            message.into_iter().collect()
        };
        ScriptedTcp::start(host, port_53(fault.place()), script).unwrap()
    });
    let over_udp = Arc::clone(&behaviour);
    let script = move |query: &[u8]| answer(&over_udp, query);
    (
        Scripted::start(host, port_53(fault.place()), script).unwrap(),
        tcp,
        behaviour,
    )
}

/// Lets faults happen at once, and insists that each watcher reports each of them as what it is.
pub fn happen(world: &World, watchers: &[Watcher<'_>], faults: &[Fault]) {
    scope(|scope| {
        for fault in faults {
            scope.spawn(|| happens(world, watchers, *fault));
        }
    });
}

fn happens(world: &World, watchers: &[Watcher<'_>], fault: Fault) {
    let (server, router, office) = (&world.hosts.server, &world.hosts.router, &world.hosts.client);
    server.add_address(fault.place(), "to-router").unwrap();
    let (program, _tcp, behaviour) = serve(server, fault);
    let asker = Asker::of(office, fault.client(), fault.asked()).unwrap();
    ask_well(&asker, 2);
    if fault.is_tcp() {
        ask_over_tcp(office, fault, "well.test", true);
    }
    // What was answered before has nothing to do with it.
    sleep(Duration::from_secs(2));
    let since = SystemTime::now();

    behaviour.is_broken.store(true, Ordering::Relaxed);
    let mut program = Some(program);
    if matches!(fault.what, Ends | PodEnds) {
        program = None;
    }
    let rules = fault
        .rule()
        .map(|rule| Rules::new(router, Hook::Forward, &[&rule]).unwrap());
    let route = fault
        .route()
        .map(|route| Route::added_in(router, &route).unwrap());
    if fault.what == HostGone {
        let address = fault.place();
        remove(server, fault);
        // Only this one: a flush of all drops the packets of others that wait for an answer.
        router
            .ip(&format!("neighbour flush to {address} dev to-server"))
            .unwrap();
    }
    ask_broken(office, &asker, fault);
    for watcher in watchers {
        reported(watcher, fault, "incident_opened", since);
    }

    drop((rules, route));
    if fault.what == HostGone {
        server.add_address(fault.place(), "to-router").unwrap();
    }
    behaviour.is_broken.store(false, Ordering::Relaxed);
    let _program = program.or_else(|| Some(serve(server, fault).0));
    recover(office, &asker, watchers, fault, since);
    for watcher in watchers {
        let closed = reported(watcher, fault, "incident_closed", since);
        assert_counts(watcher, fault, &closed, since);
    }
    remove(server, fault);
}

/// Takes the address of the service away.
fn remove(server: &Namespace, fault: Fault) {
    let length = if fault.is_v6 { 64 } else { 24 };
    server
        .ip(&format!(
            "address delete {}/{length} dev to-router",
            fault.place()
        ))
        .unwrap();
}

/// Asks what fails.
fn ask_broken(office: &Namespace, asker: &Asker, fault: Fault) {
    match fault.what {
        TcpProhibited => (0..fault.queries()).for_each(|_| {
            let connected = connect(office, fault);
            assert!(connected.is_none(), "{fault:?}");
        }),
        TcpHangs => scope(|scope| {
            for number in 0..fault.queries() {
                let name = format!("hangs{number}.test");
                scope.spawn(move || ask_over_tcp(office, fault, &name, false));
            }
        }),
        Dropped | Hangs => {
            for id in 0..fault.queries() {
                asker.send(id, &format!("silent{id}.test")).unwrap();
                sleep(Duration::from_millis(50));
            }
        }
        Fails(_) => {
            for id in 0..fault.queries() {
                let reply = asker.ask(id, &format!("host.zone{id}.test"), ANSWER).unwrap();
                assert!(reply.is_answer(), "{fault:?}: {reply:?}");
            }
        }
        _ => ask_refused(asker, fault.queries()),
    }
}

/// Asks what is well again, until all have reported so.
fn recover(office: &Namespace, asker: &Asker, watchers: &[Watcher<'_>], fault: Fault, since: SystemTime) {
    // An error about an earlier query may still wait in the socket.
    let is_answered = |id| {
        let reply = asker.ask(id, &format!("again{id}.test"), ANSWER).unwrap();
        matches!(reply, Reply::Answered(_))
    };
    for id in 100.. {
        if fault.is_tcp() {
            ask_over_tcp(office, fault, "again.test", true);
        } else {
            assert!(is_answered(id), "{fault:?}");
        }
        let has_closed = |watcher: &&Watcher<'_>| {
            let closed = watcher.netmon().events_named("incident_closed").unwrap();
            closed
                .iter()
                .any(|event| event.at >= since && is_about(event.incident(), fault))
        };
        if watchers.iter().filter(has_closed).count() == watchers.len() {
            return;
        }
        assert!(id < 200, "{fault:?} is over, and its incident does not close");
        sleep(Duration::from_secs(1));
    }
}

/// Connects, if it can within half a second: so that there is one SYN.
fn connect(office: &Namespace, fault: Fault) -> Option<TcpStream> {
    const ONE_SYN: Duration = Duration::from_millis(500);
    let to = SocketAddr::new(fault.asked(), 53);
    office
        .enter(|| TcpStream::connect_timeout(&to, ONE_SYN))
        .unwrap()
        .ok()
}

/// Asks over TCP, and insists on whether an answer comes.
fn ask_over_tcp(office: &Namespace, fault: Fault, name: &str, is_answered: bool) {
    use std::io::{Read as _, Write as _};
    let mut stream = connect(office, fault).unwrap();
    let patience = if is_answered {
        ANSWER
    } else {
        Duration::from_secs(2)
    };
    stream.set_read_timeout(Some(patience)).unwrap();
    let message = query(9, name, TYPE_A);
    let length = u16::try_from(message.len()).unwrap().to_be_bytes();
    stream.write_all(&[&length[..], &message].concat()).unwrap();
    let came = stream.read_exact(&mut [0; 14]).is_ok();
    assert_eq!(came, is_answered, "{fault:?}");
}

fn is_about(incident: &Value, fault: Fault) -> bool {
    incident["server"] == fault.asked().to_string()
        && incident["transport"] == fault.transport()
        && incident["kind"] == fault.said().kind
}

#[track_caller]
fn reported(watcher: &Watcher<'_>, fault: Fault, name: &str, since: SystemTime) -> Value {
    let said = fault.said();
    let event = watcher
        .netmon()
        .wait_for(&format!("{name} of {fault:?}"), PATIENCE, |event| {
            event.at >= since && event.name() == name && is_about(event.incident(), fault)
        })
        .unwrap();
    let incident = event.incident();
    assert_eq!(incident["port"], 53, "{}: {fault:?}: {incident:#}", watcher.name);
    assert_eq!(
        incident["severity"], said.severity,
        "{}: {fault:?}: {incident:#}",
        watcher.name
    );
    let first = &incident["causes"][0];
    assert_eq!(
        first["cause"], said.cause,
        "{}: {fault:?}: {incident:#}",
        watcher.name
    );
    assert_eq!(
        first["likelihood"], "likely",
        "{}: {fault:?}: {incident:#}",
        watcher.name
    );
    incident.clone()
}

#[track_caller]
fn assert_counts(watcher: &Watcher<'_>, fault: Fault, incident: &Value, since: SystemTime) {
    let said = fault.said();
    let queries = u64::from(fault.queries());
    let about = format!("{}: {fault:?}: {incident:#}", watcher.name);
    assert_eq!(incident["queries"], queries, "{about}");
    let answers = if said.is_answered { queries } else { 0 };
    assert_eq!(incident["answers"], answers, "{about}");
    assert_eq!(
        incident["clients"],
        serde_json::json!([fault.client().to_string()]),
        "{about}"
    );
    for (code, count) in incident["errors"].as_object().unwrap() {
        let expected = if said.code == Some(code) { queries } else { 0 };
        assert_eq!(*count, expected, "{code}: {about}");
    }
    let verified = if said.code.is_some() { queries } else { 0 };
    assert_eq!(incident["verified"], verified, "{about}");
    let opened = watcher.netmon().events_named("incident_opened").unwrap();
    let same = opened
        .iter()
        .filter(|event| event.at >= since && event.incident()["server"] == incident["server"]);
    assert_eq!(same.count(), 1, "{about}");
}

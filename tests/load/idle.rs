//! Hosts that wait all at once, and nothing happens: what they cost in memory and processors.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use gate::model::{Request, RequestId};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::Plan;
use crate::caller::Caller;
use crate::papers::Host;
use crate::served::{On, Served};

/// How many hosts come at the same moment.
const AT_ONCE: usize = 256;
/// How long nothing happens: every host asks anew at least once in it.
const QUIET: Duration = Duration::from_secs(40);

pub async fn measure(on: On, plan: &Plan, model: &Request) {
    let served = Served::start(on, plan.hosts, "alice");
    let (empty, _) = served.memory();
    let faults = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let mut hosts = all(&served, plan.hosts, model, &faults).await;
    while served.counted().await["gate_waiting"] < plan.hosts as f64 {
        assert!(begun.elapsed() < Duration::from_secs(300), "hosts do not come to wait; {faults:?} calls failed");
        sleep(Duration::from_millis(200)).await;
    }
    println!("{} hosts wait, the last after {:.1} s", plan.hosts, begun.elapsed().as_secs_f64());
    let before = served.used().await;
    sleep(QUIET).await;
    let used = served.used().await.since(&before);
    let (now, most) = served.memory();
    let each = (now - empty) * 1024.0 / plan.hosts as f64;
    let waiting = served.counted().await["gate_waiting"];
    println!("  after {QUIET:?}: {waiting} wait, {} calls failed", faults.load(Relaxed));
    println!("  memory {now:.0} MiB (at most {most:.0}, empty {empty:.0}), {each:.1} KiB a host; {used}");
    hosts.shutdown().await;
}

/// So many hosts, each of which publishes a request and waits.
async fn all(served: &Served, count: usize, model: &Request, faults: &Arc<AtomicU64>) -> JoinSet<()> {
    let (mut hosts, turns) = (JoinSet::new(), Arc::new(Semaphore::new(AT_ONCE)));
    for number in 0..count {
        let turn = Arc::clone(&turns).acquire_owned().await.unwrap();
        let mut caller = Caller::new(served.address, &served.hosts[number]);
        let asked = Host::new(number as u64).ask(model);
        let faults = Arc::clone(faults);
        hosts.spawn(async move {
            published(&mut caller, &asked.body, &faults).await;
            drop(turn);
            wait(&mut caller, asked.id, &faults).await;
        });
    }
    hosts
}

/// Puts a request there, as often as it takes.
pub async fn published(caller: &mut Caller, body: &[u8], faults: &AtomicU64) {
    while !matches!(caller.post("/v1/requests", body).await, Ok((200 | 201, _))) {
        faults.fetch_add(1, Relaxed);
        sleep(Duration::from_millis(200)).await;
    }
}

/// Waits until there is an answer.
pub async fn wait(caller: &mut Caller, id: RequestId, faults: &AtomicU64) -> Vec<u8> {
    loop {
        match caller.get(&format!("/v1/requests/{id}/answers?after=0&wait=25")).await {
            Ok((200, news)) if news.windows(9).any(|part| part == b"\"verdict\"") => return news,
            Ok((200, _)) => {}
            Ok(_) | Err(_) => {
                faults.fetch_add(1, Relaxed);
                sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

//! New requests, so many a second whether the server keeps up or not, each on a connection of its own as a real host's is;
//! then as many as it can take.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use gate::model::Request;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::Plan;
use crate::caller::Caller;
use crate::idle::published;
use crate::papers::Host;
use crate::served::{On, Served};
use crate::times::Times;

/// How many hosts there are; each asks again and again.
const HOSTS: usize = 500;
/// How many ask at the same time where nothing holds them back.
const MOST: usize = 128;
/// For how long they do.
const FLAT_OUT: Duration = Duration::from_secs(10);

pub async fn measure(on: On, plan: &Plan, model: &Request) {
    let served = Served::start(on, HOSTS, "alice");
    let mut hosts: Vec<Host> = (0..HOSTS as u64).map(Host::new).collect();
    let before = served.used().await;
    let (mut calls, mut times, faults) = (JoinSet::new(), Times::default(), Arc::new(AtomicU64::new(0)));
    let begun = Instant::now();
    for number in 0..plan.rate * plan.seconds {
        let due = begun + Duration::from_secs(1) * number / plan.rate;
        sleep_until(due).await;
        let at = number as usize % HOSTS;
        let asked = hosts[at].ask(model);
        let mut caller = Caller::new(served.address, &served.hosts[at]);
        let faults = Arc::clone(&faults);
        calls.spawn(async move {
            published(&mut caller, &asked.body, &faults).await;
            // From when it was due: what waits for its turn is not forgotten.
            due.elapsed()
        });
    }
    times.extend(calls.join_all().await);
    let took = begun.elapsed().as_secs_f64();
    println!(
        "{} requests at {}/s took {took:.1} s ({:.0}/s), {} calls failed; until durable: {}",
        times.count(),
        plan.rate,
        times.count() as f64 / took,
        faults.load(Relaxed),
        times.told()
    );
    println!("  {}", served.used().await.since(&before));
    flat_out(&served, hosts, model).await;
}

async fn flat_out(served: &Served, hosts: Vec<Host>, model: &Request) {
    let before = served.used().await;
    let (ended, faults) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let (mut callers, begun) = (JoinSet::new(), Instant::now());
    for (at, mut host) in hosts.into_iter().enumerate().take(MOST) {
        let (address, token, model) = (served.address, Arc::clone(&served.hosts[at]), model.clone());
        let (ended, faults) = (Arc::clone(&ended), Arc::clone(&faults));
        callers.spawn(async move {
            let mut count = 0_u32;
            while !ended.load(Relaxed) {
                published(&mut Caller::new(address, &token), &host.ask(&model).body, &faults).await;
                count += 1;
            }
            count
        });
    }
    sleep(FLAT_OUT).await;
    ended.store(true, Relaxed);
    let count: u32 = callers.join_all().await.iter().sum();
    let rate = f64::from(count) / begun.elapsed().as_secs_f64();
    println!("{MOST} hosts flat out: {rate:.0} requests/s, {} calls failed", faults.load(Relaxed));
    println!("  {}", served.used().await.since(&before));
}

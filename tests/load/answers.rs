//! Answers to hosts that wait: how long from when an approver sends one until its host has it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use gate::model::Request;
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::Plan;
use crate::caller::Caller;
use crate::idle::{published, wait};
use crate::papers::{Approver, Host};
use crate::served::{On, Served};
use crate::times::Times;

/// How many answers are given a second.
const RATE: u32 = 50;
/// On how many connections.
const APPROVERS: usize = 8;

pub async fn measure(on: On, plan: &Plan, model: &Request, approver: &Approver) {
    let served = Served::start(on, plan.waiting, "alice");
    let faults = Arc::new(AtomicU64::new(0));
    let (mut hosts, (arrived, mut arrivals)) = (JoinSet::new(), unbounded_channel());
    let mut asked = Vec::new();
    for number in 0..plan.waiting {
        let request = Host::new(number as u64).ask(model);
        let (id, mut caller) = (request.id, Caller::new(served.address, &served.hosts[number]));
        published(&mut caller, &request.body, &faults).await;
        let (arrived, faults) = (arrived.clone(), Arc::clone(&faults));
        hosts.spawn(async move {
            wait(&mut caller, id, &faults).await;
            let _ = arrived.send((number, Instant::now()));
            // It waits on, so that as many wait as before; nothing more comes.
            let _ = caller.get(&format!("/v1/requests/{id}/answers?after=1&wait=25")).await;
        });
        asked.push(request);
    }
    while served.counted().await["gate_waiting"] < plan.waiting as f64 {
        sleep(Duration::from_millis(100)).await;
    }
    let before = served.used().await;
    let begun = Instant::now();
    let mut callers: Vec<Caller> = (0..APPROVERS).map(|_| Caller::new(served.address, &served.approver)).collect();
    let mut answering = JoinSet::new();
    for (at, caller) in callers.drain(..).enumerate() {
        let answers: Vec<(usize, String, Vec<u8>)> = (at..plan.answers.min(plan.waiting))
            .step_by(APPROVERS)
            .map(|number| {
                (number, format!("/v1/requests/{}/answers", asked[number].id), approver.answer(&asked[number]))
            })
            .collect();
        answering.spawn(answered(caller, answers, begun, Arc::clone(&faults)));
    }
    let mut given: Vec<(usize, Instant, Instant)> = answering.join_all().await.into_iter().flatten().collect();
    given.sort_unstable_by_key(|(number, ..)| *number);
    let (mut whole, mut after) = (Times::default(), Times::default());
    for _ in 0..given.len() {
        let (number, moment) = arrivals.recv().await.unwrap();
        let (_, sent, acknowledged) = given[number];
        whole.add(moment.duration_since(sent));
        after.add(moment.saturating_duration_since(acknowledged));
    }
    println!(
        "{} answers to {} hosts that wait, {RATE}/s, {} calls failed",
        whole.count(),
        plan.waiting,
        faults.load(Relaxed)
    );
    println!("  from sent to its host: {}", whole.told());
    println!("  from acknowledged to its host: {}", after.told());
    println!("  {}", served.used().await.since(&before));
    hosts.shutdown().await;
}

/// Gives answers when they are due; when each was sent, and when acknowledged.
async fn answered(
    mut caller: Caller,
    answers: Vec<(usize, String, Vec<u8>)>,
    begun: Instant,
    faults: Arc<AtomicU64>,
) -> Vec<(usize, Instant, Instant)> {
    let mut given = Vec::new();
    for (number, path, body) in answers {
        sleep_until(begun + Duration::from_secs(1) * u32::try_from(number).unwrap() / RATE).await;
        let sent = Instant::now();
        while !matches!(caller.post(&path, &body).await, Ok((200 | 201, _))) {
            faults.fetch_add(1, Relaxed);
            sleep(Duration::from_millis(20)).await;
        }
        given.push((number, sent, Instant::now()));
    }
    given
}

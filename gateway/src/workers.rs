//! Threads for work that blocks and recurses deeply: the runtime's own have too little stack for documents nested to the limit.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tokio::sync::oneshot;

/// Threads that come when they are needed and go when they are not.
#[derive(Clone, Default)]
pub(crate) struct Workers(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    arrived: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    idle: usize,
}

type Job = Box<dyn FnOnce() + Send>;

const STACK_BYTES: usize = 16 * 1024 * 1024;
const IDLE_TIME: Duration = Duration::from_secs(10);

impl Workers {
    /// Runs the work on a thread of its own; the receiver fails where the work ended in a fault.
    pub(crate) fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> oneshot::Receiver<T> {
        let (sender, receiver) = oneshot::channel();
        // Nobody waits any more for what cannot be sent.
        self.push(Box::new(move || drop(sender.send(work()))));
        receiver
    }

    fn push(&self, job: Job) {
        let mut queue = self.0.lock();
        queue.jobs.push_back(job);
        if queue.idle >= queue.jobs.len() {
            self.0.arrived.notify_one();
            return;
        }
        drop(queue);
        let shared = Arc::clone(&self.0);
        let spawned = thread::Builder::new().name("gateway-worker".into()).stack_size(STACK_BYTES).spawn(move || shared.work());
        if spawned.is_err() {
            // No thread to be had: one that is at work will take the job, or its sender goes with the queue.
            self.0.arrived.notify_one();
        }
    }
}

impl Shared {
    fn work(&self) {
        let mut queue = self.lock();
        loop {
            while let Some(job) = queue.jobs.pop_front() {
                drop(queue);
                // A fault ends the job alone: its sender is dropped, which tells the receiver.
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
                queue = self.lock();
            }
            queue.idle += 1;
            let (waited, timeout) = self.arrived.wait_timeout(queue, IDLE_TIME).unwrap_or_else(PoisonError::into_inner);
            queue = waited;
            queue.idle -= 1;
            if timeout.timed_out() && queue.jobs.is_empty() {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_runs_side_by_side_and_a_fault_ends_itself_alone() {
        let workers = Workers::default();
        let (sender, receiver) = std::sync::mpsc::channel();
        // The first can only end when the second runs beside it.
        let first = workers.run(move || receiver.recv());
        let second = workers.run(move || sender.send(7));
        assert_eq!(second.await.unwrap(), Ok(()));
        assert_eq!(first.await.unwrap(), Ok(7));
        assert!(workers.run(|| panic!("a fault")).await.is_err());
        assert_eq!(workers.run(|| 1).await, Ok(1));
    }
}

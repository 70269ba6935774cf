//! Hosts: the threads that worlds live on, since the interpreter's memory may
//! not move between threads. Whoever has a world's handle sends it work.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use tokio::sync::oneshot;

use crate::state::World;

/// Deep in a module's calls the interpreter needs more than a thread's usual.
const STACK_BYTES: usize = 16 << 20;

type Job = Box<dyn FnOnce(&mut HashMap<u64, World>) + Send>;

/// The threads. They end when no handle is left.
#[derive(Debug)]
pub(crate) struct Hosts {
    hosts: Vec<Sender<Job>>,
    worlds: AtomicU64,
}

/// One world, wherever it lives. Dropping the handle ends it.
#[derive(Debug)]
pub(crate) struct Handle {
    host: Sender<Job>,
    world: u64,
}

/// The world's thread, or the world itself, is gone: the interpreter failed.
#[derive(Debug)]
pub(crate) struct Gone;

impl Hosts {
    pub(crate) fn start(count: usize) -> std::io::Result<Self> {
        let hosts = (0..count.max(1)).map(|number| {
            let (jobs, queue) = channel();
            let thread = std::thread::Builder::new().name(format!("world-{number}"));
            thread.stack_size(STACK_BYTES).spawn(move || serve(&queue)).map(|_| jobs)
        });
        Ok(Self { hosts: hosts.collect::<Result<_, _>>()?, worlds: AtomicU64::new(0) })
    }

    /// Makes a world on one of the threads.
    pub(crate) async fn open<T: Send + 'static>(
        &self,
        make: impl FnOnce() -> (World, T) + Send + 'static,
    ) -> Result<(Handle, T), Gone> {
        let world = self.worlds.fetch_add(1, Ordering::Relaxed);
        let host = self.hosts[(world % self.hosts.len() as u64) as usize].clone();
        let handle = Handle { host, world };
        let made = handle.send(move |worlds| {
            let (made, told) = make();
            worlds.insert(world, made);
            Some(told)
        });
        let told = made.await?;
        Ok((handle, told))
    }
}

impl Handle {
    /// Does something to the world, and gives back what came of it.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut World) -> T + Send + 'static,
    ) -> Result<T, Gone> {
        let world = self.world;
        self.send(move |worlds| worlds.get_mut(&world).map(work)).await
    }

    async fn send<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut HashMap<u64, World>) -> Option<T> + Send + 'static,
    ) -> Result<T, Gone> {
        let (answer, told) = oneshot::channel();
        let job: Job = Box::new(move |worlds| {
            // Nobody listens once the conversation was given up.
            answer.send(job(worlds)).ok();
        });
        self.host.send(job).map_err(|_| Gone)?;
        told.await.ok().flatten().ok_or(Gone)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let world = self.world;
        let end: Job = Box::new(move |worlds| drop(worlds.remove(&world)));
        // A host that is gone has taken its worlds along.
        self.host.send(end).ok();
    }
}

fn serve(jobs: &Receiver<Job>) {
    let mut worlds = HashMap::new();
    for job in jobs {
        // The interpreter's own mistakes end one job, not the thread: who
        // waits for the answer is told by its channel.
        catch_unwind(AssertUnwindSafe(|| job(&mut worlds))).ok();
    }
}

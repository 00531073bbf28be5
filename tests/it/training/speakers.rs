//! Clips and the speakers of their recordings: masking depends on the speakers.

use super::masks::{compare, form, hear, tone, transcribe};
use super::{flag, get_clip, leave_untranscribed, supervisor};
use crate::app::TestApp;
use crate::audio::wav::{Coding, Sound};
use crate::transcription::crosstalk::both_ways;
use afterword::access::Role;
use afterword::access::principal::{Principal, PrincipalKind};
use afterword::audio::AudioError;
use afterword::clock::SharedClock;
use afterword::database::{Db, DbError};
use afterword::effects::Actor;
use afterword::ids::{ApiKeyId, InteractionId, StaffId};
use afterword::jobs::{Kind, Runner, RunnerOptions};
use afterword::training::{MaskingRequest, NewClip, Spoken, SpokenLine, Training};
use afterword::transcription::Transcription;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_util::sync::CancellationToken;

/// Masked if the customer says it, and not if the agent does.
const INTRODUCTION: &str = "My name is Zarquon Blee today";

async fn swap(app: &TestApp, call: &InteractionId, names: [&str; 2]) {
    let names = names.map(str::to_owned);
    app.app.transcription.set_speakers(&Actor::Key(ApiKeyId::random(), "Test".into()), call, &names).await.unwrap();
}

fn texts(clip: &Value) -> Vec<&str> {
    clip["lines"].as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect()
}

fn files(app: &TestApp) -> Vec<String> {
    let files = std::fs::read_dir(app.folder().join("recordings/clips")).unwrap();
    files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn a_swap_remakes_a_clip_without_the_masks_that_were_left_in() {
    for app in TestApp::on_both(|_| {}).await {
        let (call, sound) = tone(&app).await;
        let lines = [(2_500, "agent", INTRODUCTION), (8_000, "customer", "Reach me on 0306 999 0123 please")];
        transcribe(&app, &call, &lines).await;
        let supervisor = supervisor(&app, "Orders").await;
        let keep = [("start", "0:02"), ("end", "0:18"), ("keep", "8000:0:phone")];
        let id = flag(&supervisor, &call, &form(&keep)).await;
        app.work().await;
        let (_, before) = get_clip(&supervisor, &id).await;
        assert_eq!(texts(&before), [INTRODUCTION, "Reach me on 0306 999 0123 please"]);
        let old = files(&app);
        swap(&app, &call, ["customer", "agent"]).await;
        app.work().await;
        let (_, after) = get_clip(&supervisor, &id).await;
        assert_eq!(texts(&after), ["My name is [name] today", "Reach me on [phone] please"], "a mask that was left in");
        assert_eq!((&after["sound"], &after["speakers"]), (&json!("ready"), &json!(["customer", "agent"])));
        let new = files(&app);
        assert!(new.len() == 1 && new != old, "the old sound is removed, the new one has a name of its own: {new:?}");
        // The name from 4.0 to 4.9 s and the number from 9.5 to 10.9 s, 80 ms more on either side.
        compare(&hear(&supervisor, &id).await, &sound, 2_000, &[(1_920, 2_980), (7_420, 8_980)]);
        // Changed back: masks added in between stay.
        swap(&app, &call, ["agent", "customer"]).await;
        app.work().await;
        let (_, back) = get_clip(&supervisor, &id).await;
        assert_eq!(texts(&back), ["My name is [name] today", "Reach me on [phone] please"]);
    }
}

/// Source of an app's transcripts that performs an action at a chosen moment.
struct Meanwhile {
    transcription: Transcription,
    db: Db,
    clock: SharedClock,
    training: Training,
    call: InteractionId,
    happened: AtomicBool,
    while_lines: bool,
}

impl Meanwhile {
    /// Swaps the speakers, once, and remakes the clips.
    async fn happen(&self) {
        if self.happened.swap(true, Ordering::SeqCst) {
            return;
        }
        let names = ["customer", "agent"].map(str::to_owned);
        let who = Actor::Key(ApiKeyId::random(), "Test".into());
        self.transcription.set_speakers(&who, &self.call, &names).await.unwrap();
        work(&self.db, &self.clock, self.training.jobs()).await;
    }
}

impl Spoken for Meanwhile {
    fn lines<'a>(&'a self, id: &'a InteractionId) -> BoxFuture<'a, Result<Option<Vec<SpokenLine>>, DbError>> {
        async move {
            let stored = self.transcription.original(id).await?;
            let lines = stored.segments.into_iter().zip(stored.masks).map(|(segment, masks)| SpokenLine {
                start_ms: segment.start_ms.cast_signed(),
                end_ms: segment.end_ms.cast_signed(),
                speaker: segment.speaker.to_string(),
                text: segment.text,
                words: Vec::new(),
                masks,
                rough: true,
            });
            let lines = lines.collect();
            if self.while_lines {
                self.happen().await;
            }
            Ok(Some(lines))
        }
        .boxed()
    }

    fn speech(&self, _: &Path, _: &CancellationToken) -> Result<Vec<Vec<(u64, u64)>>, AudioError> {
        if !self.while_lines {
            tokio::runtime::Handle::current().block_on(self.happen());
        }
        Ok(vec![Vec::new(); 2])
    }
}

async fn work(db: &Db, clock: &SharedClock, kinds: Vec<Kind>) {
    let stop = CancellationToken::new();
    let runner = Runner::new(db.clone(), Arc::clone(clock), kinds, RunnerOptions::default(), stop);
    Arc::new(runner).drain().await.unwrap();
}

/// Returns the library of an app, with a swap of the speakers while the text is read, or else while the sound is cut.
fn library(app: &TestApp, call: &InteractionId, while_lines: bool) -> Training {
    let (folder, app) = (app.folder().join("recordings/clips"), &app.app);
    let spoken = Meanwhile {
        transcription: app.transcription.clone(),
        db: app.db.clone(),
        clock: Arc::clone(&app.clock),
        training: app.training.clone(),
        call: call.clone(),
        happened: AtomicBool::new(false),
        while_lines,
    };
    Training::new(app.db.clone(), Arc::clone(&app.clock), app.interactions.clone(), Arc::new(spoken), folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_that_was_begun_with_other_speakers_is_not_kept() {
    for app in TestApp::on_both(|_| {}).await {
        let (call, sound) = tone(&app).await;
        transcribe(&app, &call, &[(2_500, "agent", INTRODUCTION)]).await;
        let supervisor = supervisor(&app, "Orders").await;
        let id = flag(&supervisor, &call, &form(&[("start", "0:02"), ("end", "0:18")])).await;
        work(&app.app.db, &app.app.clock, library(&app, &call, false).jobs()).await;
        app.work().await;
        let (_, clip) = get_clip(&supervisor, &id).await;
        assert_eq!((&clip["sound"], texts(&clip)), (&json!("ready"), vec!["My name is [name] today"]));
        assert_eq!(files(&app).len(), 1, "the sound that was not kept is removed");
        let heard = hear(&supervisor, &id).await;
        compare(&heard, &sound, 2_000, &silences(&clip));
        assert!(heard.channels.iter().all(|channel| channel[2_000 * 8] == 0.0), "the name is to be heard");
    }
}

/// Returns start and end in ms of the clip.
fn silences(clip: &Value) -> Vec<(usize, usize)> {
    let ms = |one: &Value, name: &str| usize::try_from(one[name].as_u64().unwrap()).unwrap();
    let all = clip["silences"].as_array().unwrap();
    all.iter().map(|one| (ms(one, "start_ms"), ms(one, "end_ms"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_that_is_flagged_during_a_swap_gets_the_new_speakers() {
    for app in TestApp::on_both(|_| {}).await {
        let (call, _) = tone(&app).await;
        transcribe(&app, &call, &[(2_500, "agent", INTRODUCTION)]).await;
        let teams = vec![app.team("Orders").await];
        let who = Principal {
            who: PrincipalKind::Staff { id: StaffId::random(), role: Role::Supervisor, teams, agent: None },
            name: "Ann".into(),
        };
        let new = NewClip {
            interaction: call.clone(),
            start_ms: 2_000,
            end_ms: 18_000,
            title: "t".into(),
            why: "w".into(),
            skills: Vec::new(),
            asked: MaskingRequest::default(),
        };
        let id = library(&app, &call, true).create(&who, new).await.unwrap();
        app.work().await;
        let (_, clip) = get_clip(&supervisor(&app, "Orders").await, id.as_str()).await;
        assert_eq!((&clip["speakers"], texts(&clip)), (&json!(["customer", "agent"]), vec!["My name is [name] today"]));
        assert_eq!(clip["sound"], "ready");
    }
}

#[tokio::test]
async fn where_speakers_cannot_be_told_apart_a_masked_word_is_silent_on_both_channels() {
    let call = Sound::demo("call-good.flac", 20);
    let mixed: Vec<f32> = call.channels[0].iter().zip(&call.channels[1]).map(|(a, b)| (a + b) / 2.0).collect();
    let same = Sound { rate: call.rate, channels: vec![mixed; 2] };
    for (number, sound) in [("1", same), ("2", both_ways(&call, -2.0, 40))] {
        let app = TestApp::start().await;
        let id = app.call(number, "jerry@example.net").await;
        assert_eq!(app.record(number, sound.wav(Coding::Pcm16)).await.status(), 201);
        leave_untranscribed(&app).await;
        // The agent speaks from 12 s on, and the customer nowhere near.
        transcribe(&app, &id, &[(13_000, "unknown", "Call 0306 999 0123 please")]).await;
        let supervisor = supervisor(&app, "Orders").await;
        let clip = flag(&supervisor, &id, &form(&[("start", "0:10"), ("end", "0:20")])).await;
        app.work().await;
        let (_, shown) = get_clip(&supervisor, &clip).await;
        let silent = silences(&shown);
        let whole = silent.iter().any(|(from, to)| *from < 3_000 && *to > 5_000);
        assert!(whole, "{number}: the stretch of speech around the number, not the words alone: {silent:?}");
        compare(&hear(&supervisor, &clip).await, &sound, 10_000, &silent);
    }
}

using CPort.Actors.Confidential;
using CPort.Actors.Persistence;
using CPort.Actors.Sessions;
using CPort.Actors.Tests.People;
using CPort.Domain.Identity;
using CPort.Domain.People;
using CPort.Tests.Shared;
using static CPort.Actors.Tests.Agencies.AgencyExamples;

namespace CPort.Actors.Tests.Sessions;

/// <summary>Sessions and ways to sign in as rows, on both databases.</summary>
public sealed class SessionStoreTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    private static readonly (PeopleRegistry State, PersonId Person) Anna = PeopleExamples.WhoCame(PeopleRegistry.Empty, HotlineNl, Roles.Analyst);

    private static Person Person => Anna.State.People[Anna.Person];

    public static TheoryData<DatabaseProvider> Both => [DatabaseProvider.Sqlite, DatabaseProvider.PostgreSql];

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_session_is_found_by_its_id_on_every_node_until_it_is_over(DatabaseProvider provider)
    {
        await OnAsync(provider, async database =>
        {
            var (time, seam) = (new SetTime(Noon), new KeyRingSeam(KeyRing.New()));
            SessionStore Node() => new(database, seam, new SessionTimes(), time);
            var here = Node();
            var (id, opened) = await here.OpenAsync(Person, Tenant.Live, Roles.Analyst, proved: true, default);
            Assert.DoesNotContain(id, opened.ToString(), StringComparison.Ordinal);
            var found = await Node().FindAsync(id, default);
            Assert.Equal((Person.Id, 1, Tenant.Live, Roles.Analyst), (found!.Person, found.Generation, found.Tenant, found.Roles));
            Assert.Null(await here.FindAsync(SessionStore.NewId(), default));
            Assert.Null(await new SessionStore(database, new KeyRingSeam(KeyRing.New()), new SessionTimes(), time).FindAsync(id, default));

            // Purposes: the session's, and the last five.
            for (var i = 0; i < 7; i++)
            {
                await here.StatePurposeAsync(found, $"case {i}", default);
            }

            Assert.Equal(("case 6", Noon), ((await here.FindAsync(id, default))!.Ticket.Purpose, (await here.FindAsync(id, default))!.Ticket.PurposeAt));
            Assert.Equal("case 6|case 5|case 4|case 3|case 2", string.Join('|', (await here.PurposesAsync(Person.Id, default)).Texts));

            // Busy: goes on past the idle time, and ends with its own.
            Assert.True(here.IsProved(found));
            for (var minutes = 20; minutes < 600; minutes += 20)
            {
                time.Now = Noon.AddMinutes(minutes);
                Assert.NotNull(await Node().FindAsync(id, default));
            }

            Assert.False(here.IsProved((await here.FindAsync(id, default))!));
            await here.ProvedAsync(found, default);
            Assert.True(here.IsProved((await here.FindAsync(id, default))!));
            time.Now = Noon.AddHours(10);
            Assert.Null(await here.FindAsync(id, default));

            // What a page asks by itself is no sign that somebody is there: idle all the same, and what is open for it ends.
            var (open, watched) = await here.OpenAsync(Person, Tenant.Live, Roles.Analyst, proved: false, default);
            for (var minutes = 5; minutes < 30; minutes += 5)
            {
                time.Now += TimeSpan.FromMinutes(5);
                Assert.NotNull(await here.FindAsync(open, default, seen: false));
                Assert.NotEmpty(await here.StillThereAsync([watched.IdHash], default));
            }

            time.Now += TimeSpan.FromMinutes(5);
            Assert.Empty(await here.StillThereAsync([watched.IdHash], default));
            Assert.Null(await here.FindAsync(open, default, seen: false));

            // Idle: over, and its row is gone.
            var (second, _) = await here.OpenAsync(Person, Tenant.Training, Roles.Analyst, proved: false, default);
            time.Now += new SessionTimes().Idle;
            Assert.Null(await here.FindAsync(second, default));
            Assert.Empty(await here.OfAsync(Person.Id, default));
        });
    }

    /// <summary>Who writes the database makes nobody somebody else, gives nobody roles, and prolongs nothing.</summary>
    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_row_that_was_changed_gives_nothing(DatabaseProvider provider)
    {
        await OnAsync(provider, async database =>
        {
            var time = new SetTime(Noon);
            var store = new SessionStore(database, new KeyRingSeam(KeyRing.New()), new SessionTimes(), time);
            var (id, opened) = await store.OpenAsync(Person, Tenant.Live, Roles.Analyst, proved: false, default);
            await database.ExecuteAsync(
                "UPDATE cport_sessions SET expires_at = @far", default,
                ("far", Noon.AddYears(1).ToUnixTimeMilliseconds()));
            var found = await store.FindAsync(id, default);
            Assert.Equal(
                (opened.Roles, opened.Generation, opened.Tenant, opened.ExpiresAt, null),
                (found!.Roles, found.Generation, found.Tenant, found.ExpiresAt, found.ProvedAt));
            await database.ExecuteAsync("UPDATE cport_sessions SET person = 'p-0000000000000000'", default);
            Assert.Null(await store.FindAsync(id, default));
        });
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task What_is_open_for_a_session_ends_when_the_session_is_ended_on_another_node(DatabaseProvider provider)
    {
        await OnAsync(provider, async database =>
        {
            var seam = new KeyRingSeam(KeyRing.New());
            SessionStore Node() => new(database, seam, new SessionTimes(), TimeProvider.System);
            await using var live = new LiveSessions(Node(), TimeProvider.System);
            var (here, there) = (Node(), Node());
            var (_, stays) = await here.OpenAsync(Person, Tenant.Live, Roles.Analyst, false, default);
            var (_, goes) = await here.OpenAsync(Person, Tenant.Live, Roles.Analyst, false, default);
            using var staying = live.Watch(stays);
            using var going = live.Watch(goes);
            await there.EndAllAsync(Person.Id, stays.IdHash, default);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Delay(TimeSpan.FromSeconds(60), going.Over));
            Assert.False(staying.Over.IsCancellationRequested);
        });
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_code_and_a_recovery_code_are_taken_once_and_nothing_of_an_earlier_generation(DatabaseProvider provider)
    {
        await OnAsync(provider, async database =>
        {
            var time = new SetTime(Noon);
            var store = new CredentialStore(database, new KeyRingSeam(KeyRing.New()), time);
            var secret = Totp.NewSecret();
            var (kept, codes) = await store.PutCodesAsync(Person, secret, Totp.StepOf(Noon), default);
            string Code() => Totp.CodeAt(secret, Totp.StepOf(time.Now));
            Assert.False(await store.FitAsync(Person, kept, Code(), default));
            time.Now = Noon.AddSeconds(60);
            Assert.False(await store.FitAsync(Person, "0000-0000-0000-0000", Code(), default));
            Assert.False(await store.FitAsync(null, kept, Code(), default));

            // Of many at the same time one is taken.
            Assert.Equal(1, (await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => store.FitAsync(Person, kept, Code(), default)))).Count(fits => fits));
            Assert.Equal(1, (await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => store.FitAsync(Person, kept, codes[3], default)))).Count(fits => fits));
            Assert.True(await store.FitAsync(Person, kept.ToLowerInvariant(), codes[4], default));

            time.Now = Noon.AddSeconds(300);
            Assert.False(await store.FitAsync(Person with { Generation = 2 }, kept, Code(), default));
            Assert.NotEmpty(await store.OfAsync(Person, default));
            await store.ForgetAsync(Person.Id, 2, default);
            Assert.Empty(await store.OfAsync(Person, default));
            Assert.False(await store.FitAsync(Person, kept, Code(), default));
        });
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_passkey_is_one_persons_and_keeps_its_counter(DatabaseProvider provider)
    {
        await OnAsync(provider, async database =>
        {
            var store = new CredentialStore(database, new KeyRingSeam(KeyRing.New()), new SetTime(Noon));
            var passkey = new StoredPasskey
            {
                CredentialId = [1, 2, 3], PublicKey = [4], SignCount = 1, Transports = ["usb"], AttestationObject = [5], ClientDataJson = [6], MadeAt = Noon,
            };
            await store.PutAsync(Person, passkey, default);
            await store.PutAsync(Person, passkey with { SignCount = 7 }, default);
            Assert.Equal((7u, "usb"), (await store.PasskeysAsync(Person, default)) is [var only] ? (only.SignCount, only.Transports[0]) : default);
            Assert.Equal((Person.Id, 1), await store.OwnerAsync([1, 2, 3], default));
            Assert.Null(await store.OwnerAsync([9], default));

            // Somebody else with the same credential takes nothing over.
            var (_, bob) = PeopleExamples.WhoCame(Anna.State, HotlineNl, Roles.Analyst, "bob");
            await store.PutAsync(Person with { Id = bob }, passkey with { SignCount = 9 }, default);
            Assert.Equal((Person.Id, 1), await store.OwnerAsync([1, 2, 3], default));
            Assert.Equal(7u, (await store.PasskeysAsync(Person, default))[0].SignCount);
        });
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Wrong_answers_make_pauses_that_grow_and_end(DatabaseProvider provider)
    {
        await OnAsync(provider, async database =>
        {
            var (time, here, there) = (new SetTime(Noon), System.Net.IPAddress.Parse("198.51.100.7"), System.Net.IPAddress.Parse("203.0.113.9"));
            var failures = new SignInFailures(database, new KeyRingSeam(KeyRing.New()), time);
            for (var i = 1; i <= SignInFailures.AllowedFromThere; i++)
            {
                Assert.Equal(i, await failures.ReserveAsync("a", here, default));
            }

            // From here for this name; its owner elsewhere, and others here, go on. Who asks meanwhile lengthens nothing.
            Assert.Null(await failures.ReserveAsync("a", System.Net.IPAddress.Parse("198.51.100.99"), default));
            Assert.Equal(1, await failures.ReserveAsync("b", here, default));
            Assert.Equal(6, await failures.ReserveAsync("a", there, default));
            time.Now = Noon.AddMinutes(1);
            Assert.Equal(7, await failures.ReserveAsync("a", here, default));
            time.Now = Noon.AddMinutes(2.5);
            Assert.Null(await failures.ReserveAsync("a", here, default));
            await failures.SucceededAsync("a", here, default);
            Assert.Equal(1, await failures.ReserveAsync("a", here, default));

            // From wherever, a network more for each: the name itself.
            for (var i = 0; i < SignInFailures.AllowedForName; i++)
            {
                Assert.NotNull(await failures.ReserveAsync("c", System.Net.IPAddress.Parse($"192.0.{i}.1"), default));
            }

            Assert.Null(await failures.ReserveAsync("c", there, default));
            await failures.ForgetAsync("c", default);
            Assert.Equal(1, await failures.ReserveAsync("c", there, default));
        });
    }

    /// <summary>An agency sits behind one address: only many wrong answers close it, and one of its people who comes in opens it.</summary>
    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_whole_network_waits_after_many_and_no_longer_once_somebody_came_in(DatabaseProvider provider)
    {
        await OnAsync(provider, async database =>
        {
            var (time, from) = (new SetTime(Noon), System.Net.IPAddress.Parse("198.51.100.7"));
            var failures = new SignInFailures(database, new KeyRingSeam(KeyRing.New()), time);
            for (var i = 0; i < SignInFailures.AllowedFromNetwork; i++)
            {
                Assert.Equal(1, await failures.ReserveAsync($"n{i}", from, default));
            }

            Assert.Null(await failures.ReserveAsync("z", from, default));
            Assert.NotNull(await failures.ReserveAsync("z", System.Net.IPAddress.Parse("203.0.113.9"), default));
            await failures.SucceededAsync("anna", from, default);
            Assert.NotNull(await failures.ReserveAsync("z", from, default));
        });
    }

    /// <summary>A burst is counted before anything of it is looked at.</summary>
    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Of_many_at_the_same_time_no_more_get_through_than_are_allowed(DatabaseProvider provider)
    {
        await OnAsync(provider, async database =>
        {
            var (seam, from) = (new KeyRingSeam(KeyRing.New()), System.Net.IPAddress.Parse("198.51.100.7"));
            var taken = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => Task.Run(() =>
                new SignInFailures(database, seam, new SetTime(Noon)).ReserveAsync("a", from, default))));
            Assert.Equal(SignInFailures.AllowedFromThere, taken.Count(t => t is not null));
        });
    }

    /// <summary>
    /// Generation and step are sealed with the row: nobody with access to the database has a code taken twice, or brings an earlier way in back.
    /// </summary>
    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_changed_row_is_no_way_to_sign_in(DatabaseProvider provider)
    {
        await OnAsync(provider, async database =>
        {
            var time = new SetTime(Noon);
            var store = new CredentialStore(database, new KeyRingSeam(KeyRing.New()), time);
            var secret = Totp.NewSecret();
            var (kept, codes) = await store.PutCodesAsync(Person, secret, Totp.StepOf(Noon), default);
            var passkey = new StoredPasskey
            {
                CredentialId = [1, 2, 3], PublicKey = [4], SignCount = 1, AttestationObject = [5], ClientDataJson = [6], MadeAt = Noon,
            };
            await store.PutAsync(Person, passkey, default);
            Assert.Single(await store.PasskeysAsync(Person, default));

            // After a reset: whatever the column says then, it is of the generation before.
            var again = Person with { Generation = 2 };
            await database.ExecuteAsync("UPDATE cport_credentials SET generation = 2", default);
            time.Now = Noon.AddMinutes(5);
            var code = Totp.CodeAt(secret, Totp.StepOf(time.Now));
            Assert.False(await store.FitAsync(again, kept, code, default));
            Assert.False(await store.FitAsync(again, kept, codes[0], default));
            Assert.Empty(await store.PasskeysAsync(again, default));

            // A code that was taken, with nothing but the secret copied from another row of the table.
            await database.ExecuteAsync("UPDATE cport_credentials SET generation = 1", default);
            Assert.True(await store.FitAsync(Person, kept, code, default));
            Assert.False(await store.FitAsync(Person, kept, code, default));
            await database.ExecuteAsync(
                "UPDATE cport_credentials SET sealed_value = (SELECT sealed_value FROM cport_credentials WHERE kind = 1) WHERE kind = 2", default);
            Assert.False(await store.FitAsync(Person, kept, Totp.CodeAt(secret, Totp.StepOf(time.Now) + 1), default));
        });
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Of_nodes_that_make_the_first_protection_key_together_one_does(DatabaseProvider provider)
    {
        await OnAsync(provider, async database =>
        {
            var seam = new KeyRingSeam(KeyRing.New());
            var made = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(() =>
                new ProtectionKeyStore(database, seam).TryAdd($"key-{i}", $"<key id=\"{i}\" />", 1))));
            Assert.Equal(1, made.Count(m => m));
            var store = new ProtectionKeyStore(database, seam);
            Assert.Equal($"<key id=\"{Array.IndexOf(made, true)}\" />", Assert.Single(store.Read()));
            Assert.True(store.TryAdd("next", "<key />", store.Count() + 1));
            Assert.Equal(2, store.Read().Count);

            // A key that somebody put there by hand is none.
            await database.ExecuteAsync("INSERT INTO cport_protection_keys (name, sealed_value, slot) VALUES ('forged', 'PGtleSAvPg==', 9)", default);
            Assert.Equal(2, store.Read().Count);
        });
    }

    private async Task OnAsync(DatabaseProvider provider, Func<Database, Task> test)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        try
        {
            await SessionStore.EnsureTablesAsync(database, default);
            await CredentialStore.EnsureTablesAsync(database, default);
            await SignInFailures.EnsureTablesAsync(database, default);
            await ProtectionKeyStore.EnsureTablesAsync(database, default);
            await test(database);
        }
        finally
        {
            TestDatabases.Delete(database);
        }
    }

    private sealed class SetTime(DateTimeOffset now) : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}

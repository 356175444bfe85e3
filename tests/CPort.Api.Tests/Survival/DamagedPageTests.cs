using System.Net;
using System.Text;
using CPort.Actors.Persistence;
using CPort.Node.Sample;
using CPort.Tests.Shared;
using Microsoft.Data.Sqlite;

namespace CPort.Api.Tests.Survival;

/// <summary>A page of SQLite's file holds what nobody wrote: a disk that forgets.</summary>
[Collection(SurvivalCollection.Name)]
public sealed class DamagedPageTests(PostgreSqlServer server)
{
    [Fact]
    [Trait("Run", "whole")]
    public async Task A_damaged_page_of_the_read_tables_is_told_by_readiness_until_they_are_built_anew()
    {
        await using var node = new TestNode(await NodeDatabase.CreateAsync(DatabaseProvider.Sqlite, server));
        await node.StartReadyAsync();
        await node.RegisterAsync(SampleAgencies.Hotlines.Take(2));
        using var http = node.Http(node.KeyOf("hotline-nl"));
        var before = await SubmitAsync(http, "PAGE-1");
        await ReadModelCheck.WaitSettledAsync(node);
        Assert.Equal(0, await node.StopAsync());
        await OverwriteAsync(node.Database.Database, "rm_item_1");

        // It shows only when it is read: whether somebody asks or the node itself does.
        node.Start();
        await node.UntilAsync(async () =>
        {
            // It does not listen yet when it has just been started.
            var (ready, reasons) = await node.ReadyAsync();
            if (!reasons.Contains("damaged", StringComparison.Ordinal))
            {
                return false;
            }

            using var list = await http.GetAsync("/v1/queues/unassessed");
            return list.StatusCode == HttpStatusCode.ServiceUnavailable && ready == HttpStatusCode.ServiceUnavailable
                && reasons.Contains("pages of table set 1 are damaged (SQLite error 11, database file damaged)", StringComparison.Ordinal);
        }, TestNode.Patience, "the damage was not told");
        Assert.Matches(@"cport_database_damaged_total\{[^}]*\} [1-9]", await node.MetricsAsync());

        // The journal is whole: what is sent is taken, and new tables are filled from it although the old ones take nothing any more.
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync($"/v1/reports/{before}")).StatusCode);
        var id = await SubmitAsync(http, "PAGE-2");
        using (var operators = node.Http(await node.OperatorKeyAsync()))
        using (var rebuild = await operators.PostAsync("/v1/projections:rebuild", null))
        {
            Assert.True(rebuild.IsSuccessStatusCode, await rebuild.Content.ReadAsStringAsync());
        }

        await node.WaitReadyAsync();
        await node.UntilAsync(async () =>
        {
            using var list = await http.GetAsync("/v1/queues/unassessed");
            return list.StatusCode == HttpStatusCode.OK && (await list.Content.ReadAsStringAsync()).Contains(id, StringComparison.Ordinal);
        }, TestNode.Patience, "the new tables do not have what was sent");
        Assert.Equal(0, await node.StopAsync());
    }

    private static async Task<string> SubmitAsync(HttpClient http, string reference)
    {
        using var content = new StringContent(Bodies.Report(reference), Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync("/v1/reports", content);
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, body);
        return System.Text.Json.JsonElement.Parse(body).GetProperty("reportId").GetString()!;
    }

    /// <summary>The first page of a table, while no node runs.</summary>
    private static async Task OverwriteAsync(Database database, string table)
    {
        long size, page;
        await using (var connection = await database.OpenAsync())
        {
            await using var checkpoint = connection.Statement("PRAGMA wal_checkpoint(TRUNCATE)");
            await checkpoint.ExecuteNonQueryAsync();
            await using var pages = connection.Statement("PRAGMA page_size");
            size = (long)(await pages.ExecuteScalarAsync())!;
            await using var root = connection.Statement("SELECT rootpage FROM sqlite_master WHERE name = @table", ("table", table));
            page = (long)(await root.ExecuteScalarAsync())!;
        }

        SqliteConnection.ClearAllPools();
        await using var file = new FileStream(database.File!, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.Position = (page - 1) * size;
        await file.WriteAsync(Enumerable.Repeat((byte)0xA5, (int)size).ToArray());
    }
}

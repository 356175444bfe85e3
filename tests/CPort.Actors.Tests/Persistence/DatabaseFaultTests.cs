using CPort.Actors.Persistence;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace CPort.Actors.Tests.Persistence;

public sealed class DatabaseFaultTests
{
    [Theory]
    [InlineData(13, "SQLite error 13, disk full")]
    [InlineData(5, "SQLite error 5, database locked")]
    [InlineData(19, "SQLite error 19")]
    public void A_fault_of_SQLite_is_told_by_its_code_and_never_by_its_text(int code, string words) =>
        Assert.Equal(words, DatabaseFault.InWords(new SqliteException("UNIQUE failed: https://site.example/", code)));

    [Theory]
    [InlineData("53100", "PostgreSQL error 53100, disk full")]
    [InlineData("57P01", "PostgreSQL error 57P01, server shuts down")]
    [InlineData("23505", "PostgreSQL error 23505")]
    public void A_fault_of_PostgreSQL_too(string state, string words) =>
        Assert.Equal(words, DatabaseFault.InWords(new PostgresException("duplicate key https://site.example/", "ERROR", "ERROR", state)));

    [Fact]
    public void The_cause_counts_not_what_wraps_it_and_what_is_no_database_is_told_by_its_type()
    {
        Assert.Equal("SQLite error 13, disk full",
            DatabaseFault.InWords(new AggregateException(new InvalidOperationException("x", new SqliteException("full", 13)))));
        Assert.Equal(nameof(TimeoutException), DatabaseFault.InWords(new TimeoutException("secret")));
    }

    [Theory]
    [InlineData("22P05", true)]
    [InlineData("54000", true)]
    [InlineData("23514", true)]
    [InlineData("23505", false)]
    [InlineData("40001", false)]
    [InlineData("57P01", false)]
    public void What_the_database_will_never_take_is_told_from_what_passes(string state, bool ofData) =>
        Assert.Equal(ofData, DatabaseFault.IsOfData(new InvalidOperationException("x", new PostgresException("m", "ERROR", "ERROR", state))));
}

using System.Reflection;
using CPort.Actors.Projections;
using LinqToDB.Mapping;

namespace CPort.Actors.Tests.Projections;

/// <summary>
/// What the read tables hold as text is settled column by column: whoever adds one says here why a copied database may show it. Numbers are counts, codes, ids
/// that CPort gave, and dates of work; the day on which the public reported is among what is sealed.
/// </summary>
public sealed class ReadColumnsTests
{
    private static readonly Dictionary<string, string> Settled = new()
    {
        ["rm_report.report_id"] = "keyed", ["rm_report.reporting_hotline"] = "agency",
        ["rm_item.report_id"] = "keyed", ["rm_item.reporting_hotline"] = "agency", ["rm_item.hotline"] = "agency", ["rm_item.escalated_to"] = "agency",
        ["rm_item.lease_agency"] = "agency", ["rm_item.assessed_by"] = "agency", ["rm_item.baseline_by"] = "agency", ["rm_item.former_agencies"] = "agency",
        ["rm_item.hosting_country"] = "country", ["rm_item.assigned_country"] = "country", ["rm_item.former_countries"] = "country",
        ["rm_item.reference_key"] = "keyed", ["rm_item.item_reference_key"] = "keyed", ["rm_item.assigned_reference_key"] = "keyed",
        ["rm_item.url_key"] = "keyed", ["rm_item.host_key"] = "keyed", ["rm_item.domain_key"] = "keyed",
        ["rm_item.referred_to"] = "agency", ["rm_item.refer_hosting"] = "country", ["rm_item.refer_assigned"] = "country",
        ["rm_item.refer_asked"] = "agencies, and what it is about: a keyed hash or an id of ours",
        ["rm_item.icse_package"] = "keyed", ["rm_item.asked_to_look"] = "agency",
        ["rm_item.looked_by"] = "ids of people and keys that CPort gave",
        ["rm_item.sealed"] = "sealed",
        ["rm_item_country.country"] = "country",
        ["rm_hold.report_id"] = "keyed", ["rm_hold.agency"] = "agency", ["rm_hold_item.report_id"] = "keyed",
        ["rm_question.report_id"] = "keyed", ["rm_question.agency"] = "agency", ["rm_question_item.report_id"] = "keyed",
        ["rm_item_hash.hash_key"] = "keyed",
        ["rm_look_alike.hash_key"] = "keyed", ["rm_look_alike.group_id"] = "keyed", ["rm_look_alike.sealed_value"] = "sealed",
        ["rm_look_alike_group.group_id"] = "keyed", ["rm_look_alike_group.founder_key"] = "keyed", ["rm_look_alike_group.merged_into"] = "keyed",
        ["rm_offset.suffix_list"] = "a public list's name", ["rm_report.opinion_trust"] = "agency",
        ["rm_stuck.persistence_id"] = "keyed", ["rm_stuck.reason"] = "a fault's kind",
    };

    [Fact]
    public void Every_text_in_the_read_tables_is_a_keyed_hash_sealed_an_agency_or_a_country()
    {
        var columns = typeof(ItemRow).Assembly.GetTypes()
            .Select(t => (Type: t, Table: t.GetCustomAttribute<TableAttribute>()?.Name))
            .Where(t => t.Table?.StartsWith("rm_", StringComparison.Ordinal) == true)
            .SelectMany(t => t.Type.GetProperties().Where(p => p.PropertyType == typeof(string) && p.GetCustomAttribute<ColumnAttribute>() is not null)
                .Select(p => $"{t.Table}.{p.GetCustomAttribute<ColumnAttribute>()!.Name}"));
        Assert.Equal(Settled.Keys.Order(StringComparer.Ordinal), columns.Order(StringComparer.Ordinal));
    }
}

using System.Linq.Expressions;
using CPort.Domain.Queues;

namespace CPort.Actors.Projections;

/// <summary>
/// The access table (docs/access.md) as conditions on the read tables, made from its rows: what ties a caller to an item, as expressions that the database can
/// evaluate. A property test holds the two together. A query may filter by a field only where the caller sees that field, so that a filter tells nothing that
/// the answer would not show.
/// </summary>
public static class AccessScope
{
    /// <summary>The caller's possible relations, each with the condition under which it holds for an item.</summary>
    public static ImmutableArray<(ItemRelations Relation, Expression<Func<ItemRow, bool>> Holds)> RelationsOf(Caller caller) =>
        [.. AccessTable.RelationsOf(caller).Select(r => (r.Relation, AnyOf(r.Ties.Select(tie => Holds(tie, caller)))))];

    /// <summary>Items that the caller may do this to, as far as the access table says (<see cref="AccessTable.MayWrite"/>).</summary>
    public static Expression<Func<ItemRow, bool>> MayWrite(Caller caller, ItemWrite write)
    {
        var tenant = caller.Tenant;
        var relations = RelationsOf(caller);
        return And(i => i.Tenant == tenant, AnyOf(
            from way in AccessTable.WaysTo(caller, write)
            from held in relations
            where held.Relation == way.Relation
            select And(held.Holds, Holds(way.While))));
    }

    /// <summary>
    /// Items of whose holds, feedback and questions the caller is part (<see cref="AccessTable.IsParty"/>), whoever asked, or, with
    /// <paramref name="looksAfter"/>, when one asked that it looks after; besides, it sees what its own agency asked for.
    /// </summary>
    public static Expression<Func<ItemRow, bool>> IsPartyTo(Caller caller, bool looksAfter = false)
    {
        var tenant = caller.Tenant;
        var relations = RelationsOf(caller);
        return And(i => i.Tenant == tenant, AnyOf(
            from way in AccessTable.WaysToTakePart(caller, looksAfter)
            from held in relations
            where held.Relation == way.Relation
            select And(held.Holds, Holds(way.While))));
    }

    /// <summary>Items of the caller's tenant of which it sees every one of the fields. False for all when no relation shows them.</summary>
    public static Expression<Func<ItemRow, bool>> Sees(Caller caller, params ReadOnlySpan<FieldGroup> fields)
    {
        var tenant = caller.Tenant;
        Expression<Func<ItemRow, bool>> scope = i => i.Tenant == tenant;
        var relations = RelationsOf(caller);
        foreach (var field in fields)
        {
            var showing = relations.Where(r => AccessTable.Of(r.Relation, field) == Visibility.Visible);
            scope = And(scope, AnyOf(showing.Select(r => r.Holds)));
        }

        return scope;
    }

    /// <summary>
    /// The part of a queue that is the caller's own work: for a hotline what it has the queue's relation to (<see cref="WorkQueue.WorkOf"/>), for all others
    /// that may look the whole of what they see.
    /// </summary>
    public static Expression<Func<ItemRow, bool>> WorkOf(Caller caller, WorkQueue queue)
    {
        var seen = Sees(caller, FieldGroup.Existence, FieldGroup.State);
        var relations = RelationsOf(caller);
        if (queue == WorkQueue.SecondLooks)
        {
            return And(seen, And(ToLookAt(caller), AnyOf(relations.Where(r => (r.Relation & queue.WorkOf) != 0).Select(r => r.Holds))));
        }

        if (caller.Kind != AgencyKind.Hotline)
        {
            // What was theirs before is no work of theirs.
            return And(seen, AnyOf(relations.Where(r => r.Relation != ItemRelations.FormerlyAssigned).Select(r => r.Holds)));
        }

        var agency = $",{caller.Agency},";
        return And(seen, queue.WorkOf == ItemRelations.None
            ? i => i.BaselineBy != null && i.BaselineBy.Contains(agency)
            : AnyOf(relations.Where(r => r.Relation == queue.WorkOf).Select(r => r.Holds)));
    }

    /// <summary>Whether every item of the caller's part of a queue shows it the field, whatever ties the two.</summary>
    internal static bool WorkShows(Caller caller, WorkQueue queue, FieldGroup field)
    {
        bool Shows(ItemRelations relation) => AccessTable.Of(relation, field) == Visibility.Visible;
        return caller.Kind == AgencyKind.Hotline ? queue.WorkOf != ItemRelations.None && Shows(queue.WorkOf)
            : AccessTable.RelationsOf(caller).Where(r => r.Relation != ItemRelations.FormerlyAssigned).All(r => Shows(r.Relation));
    }

    /// <summary>Of what waits for a second look: what the caller has not looked at. Nobody is asked twice, and least of all who said it first.</summary>
    private static Expression<Func<ItemRow, bool>> ToLookAt(Caller caller)
    {
        var hand = $",{caller.Hand},";
        return i => i.LookedBy == null || !i.LookedBy.Contains(hand);
    }

    /// <summary>
    /// What the caller's statistics count: everything of its tenant for operators (numbers name no item), else the items whose classification and hosting it
    /// sees.
    /// </summary>
    public static Expression<Func<ItemRow, bool>> CountedFor(Caller caller)
    {
        if (AccessTable.May(caller, Deed.CountEverything))
        {
            var tenant = caller.Tenant;
            return i => i.Tenant == tenant;
        }

        return Sees(caller, FieldGroup.Existence, FieldGroup.State, FieldGroup.Classification);
    }

    internal static Expression<Func<ItemRow, bool>> And(Expression<Func<ItemRow, bool>> a, Expression<Func<ItemRow, bool>> b) =>
        Expression.Lambda<Func<ItemRow, bool>>(Expression.AndAlso(a.Body, Swap(b, a.Parameters[0])), a.Parameters);

    internal static Expression<Func<ItemRow, bool>> Or(Expression<Func<ItemRow, bool>> a, Expression<Func<ItemRow, bool>> b) =>
        Expression.Lambda<Func<ItemRow, bool>>(Expression.OrElse(a.Body, Swap(b, a.Parameters[0])), a.Parameters);

    private static Expression<Func<ItemRow, bool>> AnyOf(IEnumerable<Expression<Func<ItemRow, bool>>> conditions) =>
        conditions.DefaultIfEmpty(i => false).Aggregate(Or);

    private static Expression<Func<ItemRow, bool>> Holds(ItemTie tie, Caller caller)
    {
        var agency = caller.Agency.Value;
        var countries = Codes(caller);
        var named = $",{agency},";
        var mandated = caller.HoldsOrphanMandate;
        return tie switch
        {
            ItemTie.Reported => i => i.ReportingHotline == agency,
            ItemTie.HasItem => i => i.Hotline == agency && countries.Contains(i.AssignedCountry!),
            ItemTie.AssignedCountry => i => countries.Contains(i.AssignedCountry!),
            ItemTie.HostingCountry => i => countries.Contains(i.HostingCountry!),
            ItemTie.OrphanMandate => i => mandated && i.IsOrphan,
            ItemTie.Orphan => i => i.IsOrphan,
            ItemTie.Illegal => i => i.SaidIllegal,
            ItemTie.FormerAgency => i => i.FormerAgencies != null && i.FormerAgencies.Contains(named),
            ItemTie.FormerCountry => AnyOf(countries.Select(c => Formerly($",{c},"))),
            ItemTie.EscalatedTo => i => i.IsOrphan && i.EscalatedTo == agency,
            ItemTie.AskedToLook => i => i.AskedToLook != null && i.AskedToLook.Contains(named),
            ItemTie.ReferredTo => i => i.ReferredTo != null && i.ReferredTo.Contains(named),
            _ => i => true,
        };
    }

    private static Expression<Func<ItemRow, bool>> Formerly(string country) => i => i.FormerCountries != null && i.FormerCountries.Contains(country);

    private static Expression<Func<ItemRow, bool>> Holds(ItemPhase phase) => phase switch
    {
        ItemPhase.NotRouted => i => i.AssignedCountry == null && !i.IsOrphan,
        ItemPhase.Orphan => i => i.IsOrphan,
        ItemPhase.NoHotline => i => i.Hotline == null,
        _ => i => true,
    };

    /// <summary>A list, because an array's Contains binds to a span in C# 14, which no database understands.</summary>
    private static List<string> Codes(Caller caller) => [.. caller.Countries.Select(c => c.Code)];

    internal static Expression Swap<T>(Expression<Func<ItemRow, T>> lambda, ParameterExpression parameter) =>
        new Swapper(lambda.Parameters[0], parameter).Visit(lambda.Body);

    private sealed class Swapper(ParameterExpression from, ParameterExpression to) : ExpressionVisitor
    {
        protected override Expression VisitParameter(ParameterExpression node) => node == from ? to : node;
    }
}

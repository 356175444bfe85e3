namespace CPort.Domain.CodeLists;

/// <summary>What kind of site the source URL is (ICCAM v3 site types; the number is ICCAM's id).</summary>
public enum SiteType
{
    Website = 2,
    FileHost = 3,
    ImageStore = 4,
    ImageBoard = 5,
    Forum = 6,
    BannerSite = 7,
    LinkSite = 8,
    SocialNetworking = 9,
    Redirector = 10,
    WebArchive = 11,
    SearchProvider = 18,
    ImageHost = 20,
    Blog = 22,
    NotApplicable = 24,
}

/// <summary>Whether the site takes money (ICCAM commerciality).</summary>
public enum Commerciality
{
    NotDetermined = 1,
    Commercial = 2,
    NonCommercial = 3,
}

/// <summary>How a commercial site is paid (ICCAM payment methods; several per report).</summary>
public enum PaymentMethod
{
    NotDetermined = 1,
    Amex = 2,
    Diners = 3,
    Mastercard = 4,
    Paypal = 5,
    Visa = 6,
    WesternUnion = 7,
    Other = 8,
    None = 9,
    Sms = 10,
    Email = 11,
    LibertyReserve = 12,
    Bitcoin = 13,
}

/// <summary>Apparent age of the youngest child (ICCAM age categories).</summary>
public enum AgeCategory
{
    NotDetermined = 1,
    Infant = 2,
    PrePubescent = 3,
    Pubescent = 4,
}

/// <summary>Gender of the children shown (ICCAM gender categories).</summary>
public enum GenderCategory
{
    NotDetermined = 1,
    Female = 2,
    Male = 3,
    Both = 4,
}

/// <summary>What a content URL leads to (ICCAM v3 content types).</summary>
public enum ContentType
{
    Media = 1,
    Website = 2,
}

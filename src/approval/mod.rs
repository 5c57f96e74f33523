//! Who may answer a request, and whether an answer counts; refuses self-approval.
